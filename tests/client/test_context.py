"""Contexts from files and templates by name."""

import json

import pytest

from tests.service import SESSION, TEMPLATE, Service, serve
from workbench.client.context import chosen_templates, read_context, with_templates
from workbench.client.rest import SukiRest
from workbench.errors import InputError
from workbench.protocol.context import FormContext, FormFilling, FormTemplateChoice
from workbench.protocol.messages import Product
from workbench.protocol.results import FormTemplate, TemplateSchema
from workbench.settings import Credentials, Limits, Secret

KNOWN = [
    FormTemplate("id-1", "VITALS_ASSESSMENT", "Vitals", "", TemplateSchema()),
    FormTemplate("id-2", "SKIN_ASSESSMENT", "Skin", "", TemplateSchema()),
    FormTemplate("id-3", "SKIN_ASSESSMENT", "Skin 2", "", TemplateSchema()),
]
WHO = Credentials("partner", Secret("partner-token"))


def write(tmp_path, value):
    """A context file."""
    path = tmp_path / "context.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_a_context_file_is_what_the_service_takes(tmp_path):
    """Field by field."""
    value = {"patient": {"sex": "female"}, "sections": [{"loinc": "51848-0"}], "visit": {"chief_complaint": "cough"}}
    assert read_context(write(tmp_path, value), Product.AMBIENT).patient.sex == "female"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("{", "cannot be used"),
        ("[" * 100_000, "cannot be used"),
        ({"patient": {"sex": "f"}}, r"\$\.patient\.sex"),
        ({"pateint": {}}, r"no such field.*\$\.pateint"),
        ({"sections": [{"loinc": "51848-0", "title": "x"}]}, r"\$\.sections\[0\]\.title"),
        ({"visit": {"chief_complaint": "x" * 256}}, "255"),
    ],
)
def test_a_context_that_the_service_would_refuse_or_ignore_is_one_clear_line(tmp_path, value, says):
    """Before anything is played."""
    with pytest.raises(InputError, match=says):
        read_context(write(tmp_path, value), Product.AMBIENT)


def test_a_missing_file_and_a_dictation_are_refused(tmp_path):
    """Each by name."""
    with pytest.raises(InputError, match=r"nowhere\.json"):
        read_context(tmp_path / "nowhere.json", Product.AMBIENT)
    with pytest.raises(InputError, match=r"^context: "):
        read_context(tmp_path / "nowhere.json", Product.DICTATION)


def test_templates_are_found_by_id_name_or_type_and_chosen_once():
    """S-183."""
    assert chosen_templates(KNOWN, ["vitals", "ID-1", "vitals_assessment", "Skin 2"]) == ["id-1", "id-3"]
    with pytest.raises(InputError, match=r"several.*SKIN_ASSESSMENT"):
        chosen_templates(KNOWN, ["SKIN_ASSESSMENT"])
    with pytest.raises(InputError, match=r"no such form template.*Teeth.*Vitals \(id-1\)"):
        chosen_templates(KNOWN, ["Teeth"])


async def test_the_ids_that_are_sent_come_from_the_services_own_list():
    """S-183: also those of a context file."""
    given = FormContext(FormFilling([FormTemplateChoice(SESSION)]))
    async with serve(Service()) as service, SukiRest(service.address, WHO, Limits()) as rest:
        found = await with_templates(rest, given, ["Vitals"])
        assert [c.form_template_id for c in found.form_filling.values] == [SESSION, TEMPLATE]
        with pytest.raises(InputError, match="no form template"):
            await with_templates(rest, None, [])
        with pytest.raises(InputError, match="no such form template"):
            await with_templates(rest, None, ["Teeth"])
