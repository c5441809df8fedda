"""What storing embeddings costs: `python -m benchmarks.classify.embeddings [--pictures 640] [--rounds 5]`.

The lane of EfficientNetLite0 runs from JPEG files to stored rows, alternating without and with `embeddings = true`. The
ratio is that of the CPU times, which other programs on the machine hardly change; the elapsed times are printed too.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.classify.files import jpegs, store
from classifiers.keras import KerasOptions, load
from tasks.classify.stage import label_pictures
from warehouse.home import Home


def main() -> None:
    """Print the rates and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=640)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    options = KerasOptions(application="EfficientNetLite0")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = jpegs(None, folder, arguments.pictures)
        home = Home(folder / "home")
        store(home, files, len(files))
        times: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
        for number in range(-1, arguments.rounds):
            for embeddings in (False, True) if number % 2 else (True, False):
                name = f"{embeddings} {number}"
                classifier = load(name, options.model_copy(update={"embeddings": embeddings}))
                elapsed, cpu = time.perf_counter(), time.process_time()
                assert label_pictures(home, classifier, lambda *_: None).items == len(files)
                if number >= 0:  # the first of each warms up
                    times[embeddings].append((time.perf_counter() - elapsed, time.process_time() - cpu))
    for embeddings, measured in times.items():
        elapsed, cpu = (statistics.median(column) for column in zip(*measured, strict=True))
        what = "with embeddings" if embeddings else "without"
        print(f"{what}: {len(files) / elapsed:.1f} pictures/s, {1000 * cpu / len(files):.2f} ms of CPU each")
    ratios = [ours[1] / plain[1] for plain, ours in zip(times[False], times[True], strict=True)]
    print(f"CPU time with embeddings / without: median {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
