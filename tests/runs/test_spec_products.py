"""What may be asked of which product."""

import pytest

from tests.quick import resolved
from workbench.corpus import find_corpus, load_corpus
from workbench.errors import InputError
from workbench.protocol.context import AmbientContext, FormContext, FormFilling, FormTemplateChoice
from workbench.protocol.messages import Product
from workbench.runs.prepare import prepare_jobs
from workbench.runs.sweep import cell_from

TEMPLATE = "99999999-2222-4333-8444-555555555555"
FORMS = FormContext(FormFilling([FormTemplateChoice(TEMPLATE)]))


def ask(**more):
    """A spec of two speakers, two utterances each."""
    corpus = load_corpus(find_corpus("clinic"))
    speakers = list(dict.fromkeys(u.speaker for u in corpus.utterances))[:2]
    picked = [u for s in speakers for u in sorted(corpus.utterances, key=lambda u: u.samples) if u.speaker == s]
    chosen = tuple(u for s in speakers for u in [p for p in picked if p.speaker == s][:2])
    cells = more.pop("cells", (cell_from({"name": "clean"}, item="t"),))
    return resolved(corpus=corpus, utterances=chosen, cells=cells, **more)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"product": Product.AMBIENT, "push_to_talk": True}, "push_to_talk"),
        ({"context": AmbientContext()}, "context"),
        ({"form_templates": ("Vitals",)}, "form_templates"),
        ({"product": Product.AMBIENT, "form_templates": ("Vitals",)}, "form_templates"),
        ({"product": Product.FORM_FILLING}, "needs a template"),
        ({"product": Product.FORM_FILLING, "context": FormContext()}, "needs a template"),
    ],
)
def test_what_a_product_does_not_have_is_refused_in_one_line(more, says):
    """Before any audio is read."""
    with pytest.raises(InputError, match=says):
        ask(**more)


@pytest.mark.parametrize("setting", [{"sample_rate_hz": 8_000}, {"chunk_ms": 50}])
def test_the_stream_socket_takes_one_kind_of_audio(setting):
    """S-153: it declares none, so another rate would be misread."""
    cell = cell_from({"name": "odd"} | setting, item="t")
    with pytest.raises(InputError, match="16000 Hz in chunks of 100 ms"):
        ask(product=Product.AMBIENT, cells=(cell,))
    assert ask(cells=(cell,)).cells == (cell,)


def test_a_template_may_come_from_the_context():
    """Instead of the flag."""
    assert ask(product=Product.FORM_FILLING, context=FORMS).context == FORMS


def test_push_to_talk_keeps_a_speakers_utterances_together():
    """One session for each speaker, cell and repeat."""
    jobs = prepare_jobs(ask(push_to_talk=True, repeats=2))
    talks = [job.talk for job in jobs]
    assert talks == sorted(talks, key=talks.index)
    assert len(set(talks)) == 4
    assert all(talks.count(talk) == 2 for talk in talks)
    assert all(job.talk is None for job in prepare_jobs(ask()))
