"""The policy file: what is written is read back; what is damaged is refused and never anything else."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import asdict
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.checks import prepared
from support.games import Shape, shapes
from support.policies import bound, machine, on_graph

from posgc.information.items import Information
from posgc.judge.verify import verify
from posgc.language.diagnostics import InputError, LimitError
from posgc.policy.artefact import Claim, Origin, Policy
from posgc.policy.compatibility import require_compatible
from posgc.policy.file import load_policy, save_policy
from posgc.policy.mismatch import PolicyMismatch

Array = npt.NDArray[np.generic]
some = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
SMALL = Shape("one_step", 2, 2, 3, (2, 2), (2, 2), "general", "coarse", True, False, False, 0.9, 3)


@cache
def game() -> Information:
    return prepared(SMALL)[0]


@cache
def example(product: bool = False) -> Policy:
    information, tree, _ = prepared(SMALL)
    return bound(information, machine(np.random.default_rng(1), tree, product), claim=Claim((0.0, 0.0)))


def equal(left: Policy, right: Policy) -> None:
    assert left.header == right.header and left.claim == right.claim and left.origin == right.origin
    one, two = left.strategy, right.strategy
    assert one.root_z.tolist() == two.root_z.tolist() and one.root_to.tolist() == two.root_to.tolist()
    assert len(one.steps) == len(two.steps)
    for a, b in zip(one.steps, two.steps, strict=True):
        for name in ("indptr", "weight", "z", "edge_indptr", "edge_z", "edge_to"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        for x, y in zip((*a.private, *a.tables), (*b.private, *b.tables), strict=True):
            assert x.ndim == y.ndim
            np.testing.assert_array_equal(x, y)


@some
@given(shapes(histories=200), st.booleans())
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, shape: Shape, product: bool) -> None:
    information, tree, graph = prepared(shape)
    strategy = on_graph(np.random.default_rng(shape.seed), tree, graph, product)
    origin = Origin("g.posg", "game é", "one_step", {"accuracy": "0.9"}, 3, None, "team")
    policy = bound(information, strategy, origin=origin if shape.early else None)
    path = tmp_path_factory.mktemp("policies") / "p.npz"
    save_policy(policy, path)
    read = load_policy(path)
    equal(policy, read)
    assert verify(information, read.strategy, "ce") == verify(information, strategy, "ce")


def test_same_policy_same_bytes_and_nothing_else_in_the_folder(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        save_policy(example(), tmp_path / name)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npz", "b.npz"]
    with zipfile.ZipFile(tmp_path / "a.npz") as a, zipfile.ZipFile(tmp_path / "b.npz") as b:
        assert {m: a.read(m) for m in a.namelist()} == {m: b.read(m) for m in b.namelist()}


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        save_policy(example(), tmp_path / "missing" / "p.npz")
    taken, game, link = tmp_path / "taken", tmp_path / "game.posg", tmp_path / "link"
    taken.mkdir()
    game.write_text("a game")
    link.symlink_to(game)
    os.mkfifo(tmp_path / "pipe")
    for target in (taken, game, link, tmp_path / "pipe", "/dev/null"):
        with pytest.raises(InputError, match="cannot write"):
            save_policy(example(), target, str(game))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["game.posg", "link", "pipe", "taken"]
    assert game.read_text() == "a game" and not os.path.isfile("/dev/null")


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "policy.npz")
    save_policy(example(), tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and len(load_policy(tmp_path / "policy.npz").strategy.steps) > 0


def test_what_is_no_regular_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", tmp_path / "pipe", tmp_path):
        with pytest.raises(InputError, match="not a regular file"):
            load_policy(path)


# ---- damage


def written(tmp_path: Path) -> bytes:
    save_policy(example(), tmp_path / "good.npz")
    return (tmp_path / "good.npz").read_bytes()


def read_or_refuse(path: Path, raw: bytes) -> Policy | None:
    path.write_bytes(raw)
    try:
        return load_policy(path)
    except InputError as error:
        assert [d.code for d in error.diagnostics] == ["E609"]
        assert error.diagnostics[0].message and error.diagnostics[0].help
    except LimitError:
        pass
    return None


def test_truncations(tmp_path: Path) -> None:
    raw = written(tmp_path)
    for length in range(0, len(raw), 7):
        assert read_or_refuse(tmp_path / "cut.npz", raw[:length]) is None


def test_bit_flips(tmp_path: Path) -> None:
    """Whatever is still read after a flip (in a time stamp, say) is the policy that was written, up to names."""
    raw = written(tmp_path)
    rng = np.random.default_rng(0)
    refused = 0
    for at in rng.integers(0, len(raw), 500):
        damaged = bytearray(raw)
        damaged[at] ^= 1 << int(rng.integers(8))
        policy = read_or_refuse(tmp_path / "flip.npz", bytes(damaged))
        refused += policy is None
        if policy is not None:
            equal(policy, example())
    assert refused > 250


def test_garbage(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for raw in (b"", b"PK", b"\x93NUMPY", rng.bytes(3000), b"PK\x05\x06" + bytes(18), b"{}"):
        assert read_or_refuse(tmp_path / "x.npz", raw) is None
    with pytest.raises(InputError):
        load_policy(tmp_path / "absent.npz")
    with pytest.raises(InputError):
        load_policy(tmp_path)


def members(tmp_path: Path) -> dict[str, Array]:
    written(tmp_path)
    with np.load(tmp_path / "good.npz") as data:
        return {key: data[key] for key in data.files}


def rewritten(tmp_path: Path, arrays: dict[str, Array]) -> Policy | None:
    buffer = BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return read_or_refuse(tmp_path / "other.npz", buffer.getvalue())


def test_every_member_is_needed(tmp_path: Path) -> None:
    arrays = members(tmp_path)
    for name in arrays:
        assert rewritten(tmp_path, {k: a for k, a in arrays.items() if k != name}) is None, name


def test_a_pickled_member_is_refused_and_not_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self):  # type: ignore[no-untyped-def]
            return (Path.touch, (tmp_path / "ran",))

    arrays = members(tmp_path)
    for name in arrays:
        buffer = BytesIO()
        np.savez(buffer, **{**arrays, name: np.array([Bomb()], dtype=object)}, allow_pickle=True)
        assert read_or_refuse(tmp_path / "pickle.npz", buffer.getvalue()) is None, name
    assert not (tmp_path / "ran").exists()


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_altered_arrays_are_refused_or_harmless(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A well-formed file with one member changed: refused, or a policy that `verify` can read or refuse."""
    folder = tmp_path_factory.mktemp("altered")
    arrays = members(folder)
    name = data.draw(st.sampled_from(sorted(set(arrays) - {"header", "origin"})))
    array = arrays[name].copy()
    change = data.draw(st.sampled_from(("value", "length", "kind", "axis", "nan")))
    if change == "value" and array.size:
        array[data.draw(st.integers(0, array.size - 1))] = data.draw(st.sampled_from((-1, 0, 1, 2, 7, 10**6)))
    elif change == "length":
        array = array[:-1] if data.draw(st.booleans()) else np.concatenate([array, array[-1:]])
    elif change == "kind":
        array = array.astype(data.draw(st.sampled_from(("f8", "i1", "c16", "U3", "b1", "M8[s]"))))
    elif change == "axis":
        array = array[:, None]
    elif change == "nan":
        array = np.full(array.shape, np.nan)
    information = game()
    policy = rewritten(folder, {**arrays, name: array})
    if policy is not None:
        try:
            require_compatible(information, policy)
            assert np.isfinite(verify(information, policy.strategy, "ce").values).all()
        except (InputError, PolicyMismatch):
            pass


def header_with(tmp_path: Path, **changes: object) -> dict[str, Array]:
    arrays = members(tmp_path)
    header = {**json.loads(arrays["header"].tobytes()), **changes}
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    return arrays


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "posgc-policy-0"},
        {"horizon": 0},
        {"horizon": 10**7},
        {"horizon": "3"},
        {"horizon": 2},
        {"horizon": True},
        {"agents": []},
        {"agents": "ab"},
        {"agents": ["a"]},
        {"concept": "best"},
        {"extra": 1},
        {"agents": [f"a{i}" for i in range(50)]},
        {"horizon": None},
        {"format": None},
        {"agents": [[], []]},
        {"lags": 3},
        {"dropped": 7},
        {"game": 5},
        {"options": []},
        {"digest": 1},
        {"versions": []},
        {"backend": {}},
        {"kind": None},
        {"kind": "oracle"},
        {"kind": ["machine"]},
        {"against": "best"},
        {"against": None},
        {"compression": 3},
        {"claim": None},
        {"claim": []},
        {"claim": {"best": 1}},
    ],
)
def test_headers_that_lie(tmp_path: Path, changes: dict[str, object]) -> None:
    assert rewritten(tmp_path, header_with(tmp_path, **changes)) is None


CLAIMS: list[dict[str, object]] = [
    {"values": "high"},
    {"values": [1]},
    {"values": [None, None]},
    {"notes": None},
    {"caveats": "none"},
    {"lower": "x"},
    {"upper": []},
    {"stage_gap": "0"},
    {"gap_bound": {}},
    {"residual": [1]},
    {"against": "best"},
    {"samples": "many"},
    {"curve": [1, 2]},
    {"curve": None},
]


@pytest.mark.parametrize("changes", CLAIMS)
def test_claims_that_are_none(tmp_path: Path, changes: dict[str, object]) -> None:
    claim = asdict(example().claim)
    assert rewritten(tmp_path, header_with(tmp_path, claim={**claim, **changes})) is None


# ---- files of the first format


FIRST = ("values", "lower", "upper", "stage_gap", "gap_bound", "residual", "notes")
"""What the header of the first format held of the claim."""


def first_format(tmp_path: Path, **changes: object) -> dict[str, Array]:
    """The example as a file of the first format, which had no kind and no claim."""
    arrays = members(tmp_path)
    header = json.loads(arrays["header"].tobytes())
    claim = header.pop("claim")
    del header["kind"], header["strategy"], header["against"]
    header |= {"format": "posgc-policy-1", **{name: claim[name] for name in FIRST}, **changes}
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    return arrays


def test_files_of_the_first_format_are_read(tmp_path: Path) -> None:
    read = rewritten(tmp_path, first_format(tmp_path))
    assert read is not None
    equal(read, example())
    strategic = rewritten(tmp_path, first_format(tmp_path, options={"form": "strategic"}))
    assert strategic is not None and strategic.header.against == "ce_strategic"
    team = rewritten(tmp_path, first_format(tmp_path, concept="team"))
    assert team is not None and team.header.against == "nash"


@pytest.mark.parametrize(
    "changes",
    [
        *CLAIMS[:4],
        {"lower": "x"},
        {"residual": [1]},
        {"options": []},
        {"options": None},
        {"options": [[1, 2, 3]]},
        {"concept": None},
        {"concept": []},
        {"kind": "machine"},
        {"extra": 1},
    ],
)
def test_headers_of_the_first_format_that_lie(tmp_path: Path, changes: dict[str, object]) -> None:
    assert rewritten(tmp_path, first_format(tmp_path, **changes)) is None


def test_headers_that_are_no_headers(tmp_path: Path) -> None:
    arrays = members(tmp_path)
    for raw in (b"", b"null", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b"1e999", b'{"format": "posgc-policy-1"}'):
        for member in ("header", "origin"):
            if (member, raw) != ("origin", b"null"):
                changed = {**arrays, member: np.frombuffer(raw, dtype=np.uint8)}
                assert rewritten(tmp_path, changed) is None, (member, raw[:10])


def npy(shape: tuple[int, ...], descr: str, body: bytes) -> bytes:
    """A .npy member that declares a shape and holds only `body`."""
    head = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + body


@pytest.mark.parametrize("shape", [(1 << 40,), (1 << 62, 1 << 62), (-1,), (1 << 31, 4)])
def test_huge_declared_shapes_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """The member is a few bytes but says that it is an enormous array; nothing of that size is set aside."""
    written(tmp_path)
    buffer = BytesIO()
    with zipfile.ZipFile(tmp_path / "good.npz") as good, zipfile.ZipFile(buffer, "w") as bad:
        for member in good.namelist():
            bad.writestr(member, npy(shape, "<f8", b"\0" * 64) if member == "weight.npy" else good.read(member))
    assert read_or_refuse(tmp_path / "huge.npz", buffer.getvalue()) is None


def test_a_file_that_would_unpack_to_far_more_is_refused(tmp_path: Path) -> None:
    """Sizes in the directory are summed before anything is unpacked: here two members of 4 GiB."""
    raw = bytearray(written(tmp_path))
    for member in (b"weight.npy", b"z.npy"):
        at = raw.rindex(b"\0" + member) + 1 - 46 + 24 if member in raw else 0
        raw[at : at + 4] = (0xFFFFFFF0).to_bytes(4, "little")  # the size field of its directory entry
    (tmp_path / "bomb.npz").write_bytes(raw)
    with pytest.raises(LimitError, match="would unpack"):
        load_policy(tmp_path / "bomb.npz")
