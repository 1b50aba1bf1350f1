"""Makes hama.json: a fifth of a second of sound at 16 kHz, and its log-mel spectrogram as the network of the PyPI package `hama` computes it.

    scripts/fetch-hama.sh
    python3 examples/data/tests/figures/hama.py data-cache/hama

Needs numpy, onnx and onnxruntime; made with numpy 2.4.6, onnx 1.23.2 and onnxruntime 1.32.0. The network's own node before the first convolution is made an output.
"""

import json
import sys
from pathlib import Path

import numpy
import onnx
import onnxruntime

SAMPLES = 3333


def main(directory):
    model = onnx.load(Path(directory) / "asr_waveform_fp16.onnx")
    # the logarithm's frames, up to the 3000th; what follows is brought to half precision and transposed
    model.graph.output.append(onnx.helper.make_tensor_value_info("/Slice_1_output_0", onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    time = numpy.arange(SAMPLES) / 16000
    # a rising tone, a hiss from a fixed generator, and silence between
    noise = numpy.random.RandomState(1).uniform(-1, 1, SAMPLES)
    sound = 0.4 * numpy.sin(2 * numpy.pi * (200 * time + 16000 * time**2)) + 0.05 * noise
    sound[1400:2200] = 0
    pcm = numpy.round(sound * 32767).astype(int)
    wave = (pcm / 32768).astype(numpy.float32)[None]
    (mel,) = session.run(["/Slice_1_output_0"], {"waveform": wave, "waveform_lengths": numpy.array([SAMPLES])})
    values = [round(float(v), 4) for v in mel[0].T.reshape(-1)]
    path = Path(__file__).parent / "hama.json"
    path.write_text(json.dumps({"pcm": pcm.tolist(), "frames": mel.shape[1], "log_mel": values}) + "\n")
    print(f"{mel.shape[1]} frames of {mel.shape[2]} bands in {path}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
