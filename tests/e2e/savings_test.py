"""railgunctl savings and delta: versions of a live page are collected, measured and rebuilt."""
import json
import pathlib
import sys
import tempfile

import news_origin
from harness import FAILED, OK, USAGE, free_port, railgunctl, run_tests


def test_savings_of_a_live_page():
    url = f"http://127.0.0.1:{news_origin.serve()}/"
    with tempfile.TemporaryDirectory() as folder:
        code, out, err = railgunctl("savings", folder, "--record", url, "--every", "0.1", "--count", "4", "--sizes-only")
        assert code == OK, err
        assert err.count(" of 4: ") == 4, err
        assert "auto of page" in out and "dcz of gzip -6" in out, out
        versions = sorted(path for path in pathlib.Path(folder).glob("*/*"))
        assert [path.name for path in versions] == ["0001", "0002", "0003", "0004"], versions
        assert all(path.stat().st_size > 90_000 for path in versions), versions

        # Numbers go on behind those that are there, and the figures are what the files say.
        railgunctl("savings", folder, "--record", url, "--every", "0.1", "--count", "2", "--sizes-only")
        assert len(list(pathlib.Path(folder).glob("*/*"))) == 6
        code, out, _ = railgunctl("savings", folder, "--json", "--sizes-only")
        total = json.loads(out)["total"]
        assert code == OK and total["pairs"] == 5, total
        assert max(total["strong_bytes"], total["fast_bytes"]) < total["zstd19_prefix_bytes"] < total["gzip6_bytes"], total
        assert total["dcz_bytes"] < 0.1 * total["gzip6_bytes"] and total["gzip6_bytes"] / 2 < total["zstd3_bytes"], total
        assert total["strong_vs_zstd19_prefix"] < 1, total


def test_a_page_that_is_not_there():
    with tempfile.TemporaryDirectory() as folder:
        code, _, err = railgunctl("savings", folder, "--record", f"http://127.0.0.1:{free_port()}/", "--every", "0.1", "--count", "2")
        assert code == FAILED and "no two versions" in err, err
        code, _, err = railgunctl("savings", folder, "--record", "www.example.com")
        assert code == FAILED and "expected http://" in err, err


def test_delta_between_files():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "old").write_bytes(news_origin.page(1, 0))
        (folder / "new").write_bytes(news_origin.page(2, 60))
        for effort in ("auto", "fast", "strong", "zstd"):
            code, _, err = railgunctl("delta", "encode", "--ref", folder / "old", folder / "new", "-o", folder / "delta",
                                      "--effort", effort)
            assert code == OK, err
            assert (folder / "delta").stat().st_size < 200
            code, _, err = railgunctl("delta", "apply", "--ref", folder / "old", folder / "delta", "-o", folder / "back")
            assert code == OK, err
            assert (folder / "back").read_bytes() == (folder / "new").read_bytes()
        code, _, err = railgunctl("delta", "apply", "--ref", folder / "new", folder / "delta", "-o", folder / "back")
        assert code not in (OK, USAGE) and "another reference" in err, (code, err)


if __name__ == "__main__":
    run_tests(sys.modules[__name__])
