"""The second stage of a cascade as nodes of the ONNX graph.

It stands in a branch that runs where a text of the batch is in doubt, reads what the first stage
has looked up already, and puts corrected logits in the place of those texts' first ones.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.cascade import FEWEST_WORDS, MOST_WORDS, STEEPNESS, Cascade, CascadeConfig
from training.hashed import TablesConfig
from training.network import NetworkConfig
from training.quantization import Array

_DECIMALS: Final = 6
"""Of a probability that was written as a float32 logit."""

_STAGES: Final = """
    top = ReduceMax<keepdims = 1>(first, one)
    enough = GreaterOrEqual(words_found, fewest_words)
    judged = Where(enough, top, sure_logit)
    least_sure = ReduceMin<keepdims = 0>(judged)
    in_doubt = Less(least_sure, sure_logit)
    logits = If<
        then_branch = again () => (float[batch, labels] corrected) {{
            parts = HardSigmoid<alpha = {alpha}, beta = {beta}>(judged)
            places = NonZero(parts)
            doubted = Gather(places, zero_index)
            part = Gather(parts, doubted)
            first_doubted = Gather(first, doubted)

            number_doubted = Gather(number, doubted)
            word_numbers = Slice(most_numbers, zero32, word_count, zero32)
            starts_here = Equal(number_doubted, word_numbers)
            starts = Cast<to = {mask_type}>(starts_here)
            gram_vectors_doubted = Gather(gram_vectors, doubted)
            by_byte = Reshape(gram_vectors_doubted, by_byte_shape)
            grams_summed = {product}(starts, by_byte)
            grams_float = Cast<to = 1>(grams_summed)
            grams_by_word = Transpose<perm = [0, 2, 1]>(grams_float)

            word_vectors_doubted = Gather(word_vectors, doubted)
{word_columns}
            pairs = Reshape(word_columns, pairs_shape)
            pairs_read = Slice(pairs, zero32, most_words, two32)
            pairs_by_word = Cast<to = 1>(pairs_read)
            by_word = Concat<axis = 1>(grams_by_word, pairs_by_word)

            entered_bare = Conv(by_word, enter_weight, enter_bias)
            entered = Relu(entered_bare)
            deep_bare = Conv(entered, deepen_weight, deepen_bias)
            deep = Relu(deep_bare)
            is_word_doubted = Gather(is_word, doubted)
            is_word_read = Slice(is_word_doubted, zero32, most_words, two32)
            there = Cast<to = 1>(is_word_read)
            word_states = Mul(deep, there)

            count = ReduceSum<keepdims = 0>(there, two)
            count_root = Sqrt(count)
            word_total = ReduceSum<keepdims = 0>(word_states, two)
            word_mean = Div(word_total, count)
            word_rooted = Div(word_total, count_root)
            word_peak = ReduceMax<keepdims = 0>(word_states, two)
            seen = Concat<axis = 1>(first_doubted, word_mean, word_rooted, word_peak)
            combined_bare = Gemm<transB = 1>(seen, combine_weight, combine_bias)
            combined = Relu(combined_bare)
            known = Concat<axis = 1>(combined, first_doubted)
            change = Gemm<transB = 1>(known, correct_weight, correct_bias)
            change_part = Mul(change, part)
            doubted_rows = Unsqueeze(doubted, one)
            corrected = ScatterND<reduction = "add">(first, doubted_rows, change_part)
        }},
        else_branch = sure () => (float[batch, labels] kept) {{
            kept = Identity(first)
        }}
    >(in_doubt)
"""

_COLUMNS: Final = """
            pairs_apart = Reshape(word_vectors_doubted, pairs_apart_shape)
            word_columns = Transpose<perm = [0, 3, 1, 2]>(pairs_apart)
"""
_PACKED_COLUMNS: Final = """
            word_columns = Identity(word_vectors_doubted)
"""
"""Rows of words come column by column, as they are unpacked."""


def stages(network: Cascade, *, product: str, mask_type: int, packed: bool) -> str:
    """Nodes from ``first``, the first stage's logits, to ``logits``.

    Args:
        network: The cascade.
        product: Operator that sums rows of the tables.
        mask_type: ONNX type of what it multiplies them by.
        packed: Whether rows of words come column by column, as they are unpacked.
    """
    return _STAGES.format(
        alpha=-STEEPNESS,
        beta=STEEPNESS * float(_sure_logit(network)),
        product=product,
        mask_type=mask_type,
        word_columns=_PACKED_COLUMNS if packed else _COLUMNS,
    )


def stage_weights(network: Cascade, gram_scale: Array, word_scale: Array) -> dict[str, Array]:
    """The second stage's weights, float32.

    Args:
        network: The cascade.
        gram_scale: float32 ``[dim]``, what the table's codes are multiplied by.
        word_scale: float32 ``[word_dim]``, the same for the table of words.
    """
    scale = np.concatenate([gram_scale, word_scale, word_scale])
    values = {name: tensor.detach().numpy() for name, tensor in network.named_parameters()}
    trust_less_one = np.diag(values["trust"] - 1)
    return {
        "enter_weight": (values["enter.weight"] * scale)[:, _columns(network.config), None],
        "enter_bias": values["enter.bias"],
        "deepen_weight": values["deepen.weight"][:, :, None],
        "deepen_bias": values["deepen.bias"],
        "combine_weight": values["combine.weight"],
        "combine_bias": values["combine.bias"],
        "correct_weight": np.concatenate([values["correct.weight"], trust_less_one], axis=1),
        "correct_bias": values["correct.bias"],
    }


def stage_constants(network: Cascade) -> dict[str, Array]:
    """What else the second stage's nodes read: bounds and shapes."""
    dim, word_dim = network.config.dim, network.config.word_dim
    return {
        "sure_logit": np.array(_sure_logit(network)),
        "fewest_words": np.array([FEWEST_WORDS], np.float32),
        "most_words": np.array([MOST_WORDS], np.int32),
        "most_numbers": np.arange(MOST_WORDS, dtype=np.int32)[:, None],
        "zero_index": np.array(0, np.int64),
        "by_byte_shape": np.array([0, -1, dim], np.int64),
        "pairs_apart_shape": np.array([0, 2, -1, word_dim], np.int64),
        "pairs_shape": np.array([0, 2 * word_dim, -1], np.int64),
    }


def cascade_config(arrays: Mapping[str, Array], first: NetworkConfig) -> CascadeConfig:
    """Sizes of a cascade from the constants of its graph and the sizes of its first stage."""
    doubt = 1 / (1 + math.exp(-arrays["sure_logit"].item()))
    width = len(arrays["enter_bias"])
    return CascadeConfig(**dataclasses.asdict(first), width=width, doubt=round(doubt, _DECIMALS))


def stage_tensors(
    arrays: Mapping[str, Array], gram_scale: Array, word_scale: Array
) -> dict[str, Array]:
    """The second stage's weights by their names in torch: :func:`stage_weights` turned around."""
    scale = np.concatenate([gram_scale, word_scale, word_scale])
    config = TablesConfig(dim=len(gram_scale), word_dim=len(word_scale))
    enter = np.empty_like(arrays["enter_weight"][:, :, 0])
    enter[:, _columns(config)] = arrays["enter_weight"][:, :, 0]
    width = len(enter)
    return {
        "enter.weight": enter / scale,
        "enter.bias": arrays["enter_bias"],
        "deepen.weight": arrays["deepen_weight"][:, :, 0],
        "deepen.bias": arrays["deepen_bias"],
        "combine.weight": arrays["combine_weight"],
        "combine.bias": arrays["combine_bias"],
        "correct.weight": arrays["correct_weight"][:, :width],
        "correct.bias": arrays["correct_bias"],
        "trust": np.diagonal(arrays["correct_weight"][:, width:]) + 1,
    }


def _columns(config: TablesConfig) -> NDArray[np.int64]:
    """Which of torch's columns each of the graph's is: there a word's and its pair's take turns."""
    words = config.dim + np.arange(2 * config.word_dim).reshape(2, -1).T.ravel()
    return np.concatenate([np.arange(config.dim), words])


def _sure_logit(network: Cascade) -> np.float32:
    return np.float32(network.config.sure_logit)
