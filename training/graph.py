"""The network as an ONNX graph, written node by node.

An exporter would translate the training code; this graph is instead the shape that runs fast: the
rows of a window are summed as int8 by one integer product, integers are 32 bits wide, rows are read
by GatherND and GatherElements, which wait less for memory than Gather (docs/LOG.md), and the LSTM
takes the true lengths, so neither padding nor neighbours in the batch can change an answer.
``export.py`` proves that it equals the torch network (docs/LOG.md: why not torch.onnx).
"""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import onnx
from onnx import checker, helper, numpy_helper, parser

from scandid.encoding import TIME_MULTIPLE
from scandid.labels import LABELS
from training.cascade import Cascade
from training.cascade_graph import stages
from training.initializers import constants, is_packed, weights
from training.network import Network

OPSET: Final = 18
IR_VERSION: Final = 10

_TEMPLATE: Final = """
scandid (uint8[batch, time] text) => (float[batch, {labels}] probabilities)
{{
{windowed}
    values = Cast<to = 1>(line)
    hash_float = Conv<pads = [1, {right}]>(values, kernels, biases)
    hash = Cast<to = 6>(hash_float)
    grams, trigram, twice = Split<axis = 1>(hash, split)

{gram_rows}
    by_window = Reshape(gram_rows, window_rows)
    gram_places = Cast<to = 7>(by_window)
    gram_vectors = GatherND(gram_table, gram_places)
    gram_sum = {product}(gram_ones, gram_vectors)
    gram_sums = Squeeze(gram_sum, two)
    windows = Cast<to = 1>(gram_sums)

    bytes = Cast<to = 6>(line)
    present = Min(bytes, one32)
    above_space = Sub(bytes, space)
    inside = Clip(above_space, zero_scalar, one_scalar)
    spaces = Sub(present, inside)
    number = CumSum(spaces, two)
    code = Mul(trigram, twice)
    codes = Mul(code, inside)
    zeros = Mul(codes, zero32)
    sums = ScatterElements<axis = 2, reduction = "add">(zeros, number, codes)
    highest = ReduceMax<keepdims = 0>(number)
    word_count = Add(highest, one32)
    word = Slice(sums, zero32, word_count, two32)
    before = Pad(word, shift_right)
    scaled = Mul(before, pair_factor)
    pair = Add(word, scaled)
    word_hashes = Concat<axis = 1>(word, pair)
    word_low = BitwiseAnd(word_hashes, word_masks)
    word_placed = Add(word_low, word_starts)
    is_word = Cast<to = 9>(word)
    is_words = Concat<axis = 1>(is_word, is_word)
{word_sum}
    word_bags = Cast<to = 1>(word_sums)
    word_flags = Cast<to = 1>(is_word)
    words_found = ReduceSum<keepdims = 0>(word_flags, two)
    words_counted = Max(words_found, one_float)
    words_root = Sqrt(words_counted)
    word_bag = Div(word_bags, words_root)

    byte_count = ReduceSum<keepdims = 0>(present, one_and_two)
    byte_count_up = Add(byte_count, window_less_one)
    length = Div(byte_count_up, window32)
    lengths = Max(length, one32)
    length_float = Cast<to = 1>(lengths)
    steps = Unsqueeze(length_float, one)
    gram_total = ReduceSum<keepdims = 0>(windows, one)
    steps_root = Sqrt(steps)
    gram_bag = Div(gram_total, steps_root)

    by_time = Transpose<perm = [1, 0, 2]>(windows)
    states, final_state, final_cell = LSTM<direction = "{direction}", hidden_size = {hidden}>(
        by_time, lstm_input, lstm_recurrent, lstm_bias, lengths)
    positive = Relu(states)
{over_time}
    mean = Div(total, steps)

    pooled = Concat<axis = 1>(mean, peak, gram_bag, word_bag)
    {head} = Gemm<transB = 1>(pooled, head_weight, head_bias)
{stages}
    length_within = Min(byte_count, longest)
    several = Greater(words_found, one_float)
    kind_start = Where(several, several_start, zero32)
    kind_row = Squeeze(kind_start, one)
    length_row = Add(length_within, kind_row)
    length_scale = Gather(length_scales, length_row)
    length_shift = Gather(length_shifts, length_row)
    scaled_logits = Mul(logits, length_scale)
    calibrated = Add(scaled_logits, length_shift)
    probabilities = Sigmoid(calibrated)
}}
"""

_WHOLE: Final = """
    line = Unsqueeze(text, one)
"""
"""A text of whole windows, as :func:`scandid.encoding.pad` makes it."""

_FILLED: Final = """
    bare = Unsqueeze(text, one)
    shape = Shape(text)
    time = Slice(shape, one, two)
    over = Neg(time)
    missing = Mod(over, window)
    pads = Concat<axis = 0>(no_pads, missing)
    line = Pad(bare, pads)
"""
"""A text filled up to whole windows."""

_ONE_ORDER: Final = """
    gram_rows = BitwiseAnd(grams, gram_masks)
"""
_SEVERAL_ORDERS: Final = """
    gram_low = BitwiseAnd(grams, gram_masks)
    gram_placed = Add(gram_low, gram_starts)
    gram_rows = Transpose<perm = [0, 2, 1]>(gram_placed)
"""

_WORD_SUM: Final = """
    word_rows = Reshape(word_placed, flat)
    word_indices = Cast<to = 7>(word_rows)
    word_places = Unsqueeze(word_indices, minus_one)
    word_vectors = GatherND(word_table, word_places)
    mask_bool = Reshape(is_words, one_line)
    mask = Cast<to = {mask_type}>(mask_bool)
    word_sum = {product}(mask, word_vectors)
    word_sums = Squeeze(word_sum, one)
"""

_PACKED_WORD_SUM: Final = """
    word_rows = Reshape(word_placed, minus_one)
    words_packed = GatherElements(word_table, word_rows)
    mask_bool = Reshape(is_words, one_column)
    mask = Cast<to = 3>(mask_bool)
    texts = Shape<end = 1>(mask_bool)
    lines_shape = Concat<axis = 0>(texts, one_line_each)
    words_by_text = Reshape(words_packed, lines_shape)
    words_shifted = BitShift<direction = "RIGHT">(words_by_text, byte_shifts)
    word_vectors = Cast<to = 3>(words_shifted)
    word_sum = MatMulInteger(word_vectors, mask)
    word_sums = Squeeze(word_sum, two)
"""
"""int8 rows of eight columns, each read as one integer and then taken apart."""

_ONE_DIRECTION: Final = """
    total = ReduceSum<keepdims = 0>(states, zero_and_one)
    peak = ReduceMax<keepdims = 0>(positive, zero_and_one)
"""
_BOTH_DIRECTIONS: Final = """
    totals = ReduceSum<keepdims = 0>(states, zero)
    totals_by_text = Transpose<perm = [1, 0, 2]>(totals)
    total = Reshape(totals_by_text, flat)
    peaks = ReduceMax<keepdims = 0>(positive, zero)
    peaks_by_text = Transpose<perm = [1, 0, 2]>(peaks)
    peak = Reshape(peaks_by_text, flat)
"""


def build_graph(network: Network, *, quantized: bool) -> onnx.ModelProto:
    """Write the network as an ONNX model.

    Args:
        network: The trained network; its weights are read, not changed.
        quantized: Store tables and matrices as int8, one scale per table column and matrix row.

    Returns:
        A checked model: uint8 ``text [batch, time]``, ``time`` a multiple of ``TIME_MULTIPLE``, to
        float32 ``probabilities [batch, labels]``.
    """
    graph = parser.parse_graph(_text(network, quantized=quantized))
    trained, restoring = weights(network, quantized=quantized)
    nodes = [*restoring, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    read = set(_inputs(nodes))
    for name, array in {**constants(network), **trained}.items():
        if name in read:
            graph.initializer.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(
        graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="scandid"
    )
    checker.check_model(model, full_check=True)
    return model


def _inputs(nodes: Iterable[onnx.NodeProto]) -> Iterator[str]:
    """What nodes and those of their branches read."""
    for node in nodes:
        yield from node.input
        for attribute in node.attribute:
            yield from _inputs(attribute.g.node)


def _text(network: Network, *, quantized: bool) -> str:
    """The nodes in ONNX's textual syntax."""
    config = network.config
    both = config.directions == 2
    product = "MatMulInteger" if quantized else "MatMul"
    mask_type = onnx.TensorProto.UINT8 if quantized else onnx.TensorProto.FLOAT
    packed = is_packed(config, quantized=quantized)
    second = ""
    if isinstance(network, Cascade):
        second = stages(network, product=product, mask_type=mask_type, packed=packed)
    word_sum = _WORD_SUM.format(product=product, mask_type=mask_type)
    return _TEMPLATE.format(
        labels=len(LABELS),
        windowed=_FILLED if TIME_MULTIPLE % config.window else _WHOLE,
        right=network.kernels.shape[-1] - 2,
        gram_rows=_ONE_ORDER if len(config.orders) == 1 else _SEVERAL_ORDERS,
        word_sum=_PACKED_WORD_SUM if packed else word_sum,
        hidden=config.hidden,
        direction="bidirectional" if both else "forward",
        head="first" if second else "logits",
        stages=second,
        over_time=_BOTH_DIRECTIONS if both else _ONE_DIRECTION,
        product=product,
    )
