"""Pictures per second that a classifier labels on this machine, compared with alternatives.

__main__.py     on a CPU: Keras, the LiteRT copy, ONNX Runtime and OpenVINO
bound.py        what a lane can reach of its model alone, and where the rest goes
loops.py        a classifier alone, in a plain loop, and in the lane
memory.py       the memory of the lane
embeddings.py   what storing embeddings costs
gpu.py          on a GPU, beside PyTorch and JAX in their own best forms
agreement.py    EfficientNetLite0's labels in each precision; loading a model for a benchmark
faces.py        what face detectors find and what they take for a face
themes.py       how well themes find known subjects, and what they cost
files.py        JPEG files of a feed's size, stored in a home folder
onnx_export.py  a Keras model as an ONNX file
zero_shot.py    words: the tower alone, the lane from files, and from stored vectors
vit_export.py   CLIP's towers as ONNX files
"""
