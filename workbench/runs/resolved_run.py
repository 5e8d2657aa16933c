"""What is played: a specification with everything it names loaded, and the rules of its product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from workbench.client.calls import Context
from workbench.corpus import Corpus, Utterance
from workbench.corpus.draft import drafts_of
from workbench.errors import CorpusError, InputError
from workbench.protocol.messages import Dialect, Product
from workbench.runs.spec import RunSpec
from workbench.runs.sweep import Cell
from workbench.scoring.metrics.normalize import Normaliser

__all__ = ["ResolvedRun", "check_product", "refuse_drafts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedRun:
    """A specification with everything it names loaded and checked.

    Attributes:
        spec: the specification; its transport is no longer ``auto``.
        corpus: source of the utterances.
        utterances: the ones to play.
        cells: configurations; each plays every utterance.
        normaliser: used for the first scores.
        context: sent with ambient and form-filling sessions, or None.

    Raises:
        InputError: what the product does not have, or audio that its socket does not take.
        CorpusError: a reference is a draft.
    """

    spec: RunSpec
    corpus: Corpus
    utterances: tuple[Utterance, ...]
    cells: tuple[Cell, ...]
    normaliser: Normaliser
    context: Context | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        refuse_drafts(self.utterances)
        check_product(self.spec, self.context)
        self._check_services()
        if self.spec.product is not Product.DICTATION:
            self._check_stream_audio()
        elif self.spec.dialect is not Dialect.LIVE:
            self._check_rate()

    def _check_services(self) -> None:
        """What one service of a run does for all of its sessions, several cannot."""
        for name in ("offline_baseline", "webhook_port"):
            if getattr(self.spec, name) not in (None, False):
                self.refuse_services(name)

    def refuse_services(self, item: str) -> None:
        """Refuse services of configurations where there can only be that of the run.

        Args:
            item: what asks for it.

        Raises:
            InputError: a configuration has a service of its own.
        """
        if self.services:
            raise InputError(
                "configurations with their own services are not possible here", item=item,
                got=f"service {self.services[0]}", action="Play each service in a separate run",
            )  # fmt: skip

    @property
    def services(self) -> tuple[str, ...]:
        """Services that configurations have of their own; empty where all are played against that of the run."""
        return tuple(dict.fromkeys(cell.service for cell in self.cells if cell.service is not None))

    def endpoints(self, endpoint: str) -> dict[str, str]:
        """Service of each configuration, by its name.

        Args:
            endpoint: that of the run.
        """
        return {cell.name: cell.service or endpoint for cell in self.cells}

    def _check_rate(self) -> None:
        """No message of this dialect says a rate; its documents show one."""
        for cell in self.cells:
            if cell.audio.sample_rate_hz != 16_000:
                raise InputError(
                    f"the dialect {self.spec.dialect.value} takes one rate only",
                    item=cell.name,
                    got=f"{cell.audio.sample_rate_hz} Hz",
                    expected="16000 Hz",
                )

    def _check_stream_audio(self) -> None:
        """``/ws/stream`` declares no audio configuration: it takes one rate and one length of chunks (S-153)."""
        for cell in self.cells:
            audio = cell.audio
            if (audio.sample_rate_hz, audio.chunk_ms) != (16_000, 100):
                raise InputError(
                    f"{self.spec.product.value} takes one kind of audio only",
                    item=cell.name,
                    got=f"{audio.sample_rate_hz} Hz in chunks of {audio.chunk_ms} ms",
                    expected="16000 Hz in chunks of 100 ms",
                )

    @property
    def sessions(self) -> int:
        """How many sessions will be played."""
        return len(self.utterances) * len(self.cells) * self.spec.repeats

    @property
    def drafts(self) -> tuple[str, ...]:
        """Ids of recordings that are asked for and left out, because nobody has confirmed their reference."""
        if self.spec.utterances:  # drafts that are named are refused
            return ()
        wanted = set(self.spec.tags)
        return drafts_of(u for u in self.corpus.utterances if not wanted or wanted & set(u.tags))


def refuse_drafts(utterances: Sequence[Utterance]) -> None:
    """Refuse recordings whose references nobody has confirmed: scores against them would say nothing.

    Raises:
        CorpusError: naming the first one.
    """
    drafts = drafts_of(utterances)
    if drafts:
        more = f" and {len(drafts) - 1} more" if len(drafts) > 1 else ""
        raise CorpusError(
            "the reference is a draft that nobody has confirmed",
            item=drafts[0] + more,
            action="Read and correct it in the manifest, then confirm it with `workbench datasets transcribe`",
        )


def check_product(spec: RunSpec, context: Context | None) -> None:
    """Refuse what the product of a run does not have.

    Raises:
        InputError: naming the field.
    """
    product = spec.product.value
    if spec.push_to_talk and spec.product is not Product.DICTATION:
        raise InputError(
            "push-to-talk is for dictation", item="push_to_talk", got=f"product {product}", expected="product dictation"
        )
    if context is not None and spec.product is Product.DICTATION:
        raise InputError("dictation has no context", item="context", expected="product ambient or form-filling")
    if spec.form_templates and spec.product is not Product.FORM_FILLING:
        raise InputError(
            "only form filling has templates",
            item="form_templates",
            got=f"product {product}",
            expected="product form-filling",
        )
    in_context = context is not None and context.form_filling is not msgspec.UNSET
    if spec.product is Product.FORM_FILLING and not (spec.form_templates or in_context):
        raise InputError("form filling needs a template", item="form_templates", got="none", expected="a name or an id")
