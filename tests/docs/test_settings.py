"""docs/settings.md tells of every setting, and is what the code makes."""

from postwarden.settings import settings_markdown
from postwarden.settings.sources import setting_fields, variable_of
from tests.docs import tree


def test_the_page_is_what_the_code_makes() -> None:
    page = (tree.DOCS / "settings.md").read_text()
    assert page == settings_markdown(), "run `make docs`"


def test_every_setting_is_on_the_page_with_its_variable() -> None:
    page = settings_markdown()
    for name, field in setting_fields():
        assert f"`{name}`" in page
        assert f"`{variable_of(name)}`" in page
        assert field.metadata["meaning"] in page
