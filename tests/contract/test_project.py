import pytest

from lakegate.contract.odcs import load
from lakegate.contract.project import Project
from lakegate.errors import ContractError

BODY = """apiVersion: v3.2.0
kind: DataContract
version: 1.0.0
id: {id}
schema:
- name: t
  id: t_id
  relationships: [{{from: [t.a, t.b], to: [{to}.x, {to}.y]}}]
  properties: [{{name: a}}, {{name: b}}, {{name: x, id: x_id, physicalName: X}}, {{name: y}}]
"""


def write(path, identity, to="t"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(BODY.format(id=identity, to=to))
    return path


def test_the_root_is_the_nearest_folder_with_settings(tmp_path):
    path = write(tmp_path / "a/contracts/b/c.odcs.yaml", "c")
    assert Project.around(path).root == tmp_path / "a"
    (tmp_path / "lakegate.toml").touch()
    assert Project.around(path).root == tmp_path
    (tmp_path / "a/contracts/b/lakegate.toml").touch()
    assert Project.around(path).root == tmp_path / "a/contracts/b"


def test_a_contract_on_its_own_has_its_folder_and_no_other(tmp_path):
    path = write(tmp_path / "c.odcs.yaml", "c")
    write(tmp_path / "deep/d.odcs.yaml", "d")
    project = Project.around(path)
    assert project.root == tmp_path
    assert project.index == {"c": (path,)}


@pytest.mark.parametrize("identity", ["plain", "'single'", '"double"  # note', "with-dash # note", "&anchor anchored"])
def test_the_index_knows_an_id_however_it_is_written(tmp_path, identity):
    path = write(tmp_path / "contracts/c.odcs.yaml", identity)
    assert Project.around(path).index == {load(path).id: (path,)}


def test_the_index_reads_json_and_passes_over_what_has_no_id(tmp_path):
    (tmp_path / "a.odcs.json").write_text('{"id": "j"}')
    (tmp_path / "b.odcs.yaml").write_text("a: [")
    (tmp_path / "c.odcs.yaml").write_text("name: x")
    assert set(Project.around(tmp_path).index) == {"j"}


def test_a_composite_key_is_resolved_in_its_own_order(tmp_path):
    write(tmp_path / "contracts/other.odcs.yaml", "other")
    path = write(tmp_path / "contracts/me.odcs.yaml", "me", to="other.t")
    project = Project.around(path)
    contract = project.contract(path)
    target = project.resolve(contract, contract.schema[0].relationships[0])
    assert (target.contract.id, target.object.name) == ("other", "t")
    assert [p.physical_name for p in target.properties] == ["X", "y"]


def test_a_reference_in_the_contract_needs_no_other_file():
    document = {"apiVersion": "v3.2.0", "kind": "DataContract", "id": "x", "version": "1.0.0"}
    properties = [{"name": "a"}, {"name": "b", "relationships": [{"to": "t.a"}]}]
    contract = load({**document, "schema": [{"name": "t", "properties": properties}]})
    project = Project.around(".")
    target = project.resolve(contract, contract.schema[0].properties[1].relationships[0])
    assert target.properties == (contract.schema[0].properties[0],)


def test_a_reference_that_leads_nowhere_is_an_error(tmp_path):
    path = write(tmp_path / "contracts/me.odcs.yaml", "me", to="nobody.t")
    project = Project.around(path)
    contract = project.contract(path)
    with pytest.raises(ContractError, match="no contract of the project has the id nobody"):
        project.resolve(contract, contract.schema[0].relationships[0])
