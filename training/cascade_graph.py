"""The second stage of a cascade as nodes of the ONNX graph.

It stands in a branch that runs where a text of the batch is in doubt, reads what the first stage
has looked up already, and puts corrected logits in the place of those texts' first ones.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from training.cascade import FEWEST_WORDS, MOST_WORDS, STEEPNESS, Cascade, CascadeConfig
from training.network import NetworkConfig
from training.quantization import Array

_DECIMALS: Final = 6
"""Of a probability that was written as a float32 logit."""

_STAGES: Final = """
    top = ReduceMax<keepdims = 1>(first, one)
    enough = GreaterOrEqual(words_found, fewest_words)
    judged = Where(enough, top, sure_logit)
    least_sure = ReduceMin<keepdims = 0>(judged)
    in_doubt = Less(least_sure, sure_scalar)
    logits = If<
        then_branch = again () => (float[batch, labels] corrected) {{
            short = Sub(sure_logit, judged)
            steep = Mul(short, steepness)
            parts = Clip(steep, zero_float, one_scalar_float)
            places = NonZero(parts)
            doubted = Gather(places, zero_index)
            part = Gather(parts, doubted)
            first_doubted = Gather(first, doubted)

            number_doubted = Gather(number, doubted)
            words_read = Min(word_count, most_words)
            word_total = Squeeze(words_read)
            word_range = Range(zero_scalar, word_total, one_scalar)
            word_places_again = Unsqueeze(word_range, one)
            starts_here = Equal(number_doubted, word_places_again)
            starts = Cast<to = {mask_type}>(starts_here)
            gram_vectors_doubted = Gather(gram_vectors, doubted)
            by_byte = Reshape(gram_vectors_doubted, by_byte_shape)
            grams_summed = {product}(starts, by_byte)
            grams_by_word = Cast<to = 1>(grams_summed)

            word_vectors_doubted = Gather(word_vectors, doubted)
{word_pairs}
            pairs_read = Slice(pairs_together, zero32, most_words, one32)
            pairs_by_word = Reshape(pairs_read, pairs_shape)
            pairs_float = Cast<to = 1>(pairs_by_word)
            by_word = Concat<axis = 2>(grams_by_word, pairs_float)

            entered_bare = MatMul(by_word, enter_weight)
            entered_biased = Add(entered_bare, enter_bias)
            entered = Relu(entered_biased)
            deep_bare = MatMul(entered, deepen_weight)
            deep_biased = Add(deep_bare, deepen_bias)
            deep = Relu(deep_biased)
            is_word_doubted = Gather(is_word, doubted)
            is_word_read = Slice(is_word_doubted, zero32, most_words, two32)
            there_bool = Transpose<perm = [0, 2, 1]>(is_word_read)
            there = Cast<to = 1>(there_bool)
            word_states = Mul(deep, there)

            count = ReduceSum<keepdims = 0>(there, one)
            count_root = Sqrt(count)
            word_total_states = ReduceSum<keepdims = 0>(word_states, one)
            word_mean = Div(word_total_states, count)
            word_rooted = Div(word_total_states, count_root)
            word_peak = ReduceMax<keepdims = 0>(word_states, one)
            seen = Concat<axis = 1>(first_doubted, word_mean, word_rooted, word_peak)
            combined_bare = Gemm<transB = 1>(seen, combine_weight, combine_bias)
            combined = Relu(combined_bare)
            change_bare = Gemm<transB = 1>(combined, correct_weight, correct_bias)
            change_trust = Mul(first_doubted, trust_less_one)
            change = Add(change_bare, change_trust)
            change_part = Mul(change, part)
            second = Add(first_doubted, change_part)
            doubted_rows = Unsqueeze(doubted, one)
            corrected = ScatterND(first, doubted_rows, second)
        }},
        else_branch = sure () => (float[batch, labels] kept) {{
            kept = Identity(first)
        }}
    >(in_doubt)
"""

_PAIRS: Final = """
            pairs_apart = Reshape(word_vectors_doubted, pairs_apart_shape)
            pairs_together = Transpose<perm = [0, 2, 1, 3]>(pairs_apart)
"""
_PACKED_PAIRS: Final = """
            pairs_apart = Reshape(word_vectors_doubted, packed_apart_shape)
            pairs_together = Transpose<perm = [0, 3, 2, 1]>(pairs_apart)
"""


def stages(*, product: str, mask_type: int, packed: bool) -> str:
    """Nodes from ``first``, the first stage's logits, to ``logits``.

    Args:
        product: Operator that sums rows of the tables.
        mask_type: ONNX type of what it multiplies them by.
        packed: Whether rows of words come column by column, as they are unpacked.
    """
    pairs = _PACKED_PAIRS if packed else _PAIRS
    return _STAGES.format(product=product, mask_type=mask_type, word_pairs=pairs)


def stage_weights(network: Cascade, gram_scale: Array, word_scale: Array) -> dict[str, Array]:
    """The second stage's weights, float32.

    Args:
        network: The cascade.
        gram_scale: float32 ``[dim]``, what the table's codes are multiplied by.
        word_scale: float32 ``[word_dim]``, the same for the table of words.
    """
    scale = np.concatenate([gram_scale, word_scale, word_scale])
    values = {name: tensor.detach().numpy() for name, tensor in network.named_parameters()}
    return {
        "enter_weight": (values["enter.weight"] * scale).T,
        "enter_bias": values["enter.bias"],
        "deepen_weight": values["deepen.weight"].T,
        "deepen_bias": values["deepen.bias"],
        "combine_weight": values["combine.weight"],
        "combine_bias": values["combine.bias"],
        "correct_weight": values["correct.weight"],
        "correct_bias": values["correct.bias"],
        "trust_less_one": values["trust"] - 1,
        **_constants(network),
    }


def cascade_config(arrays: Mapping[str, Array], first: NetworkConfig) -> CascadeConfig:
    """Sizes of a cascade from the constants of its graph and the sizes of its first stage."""
    doubt = 1 / (1 + math.exp(-float(arrays["sure_scalar"])))
    width = len(arrays["enter_bias"])
    return CascadeConfig(**dataclasses.asdict(first), width=width, doubt=round(doubt, _DECIMALS))


def stage_tensors(
    arrays: Mapping[str, Array], gram_scale: Array, word_scale: Array
) -> dict[str, Array]:
    """The second stage's weights by their names in torch: :func:`stage_weights` turned around."""
    scale = np.concatenate([gram_scale, word_scale, word_scale])
    return {
        "enter.weight": arrays["enter_weight"].T / scale,
        "enter.bias": arrays["enter_bias"],
        "deepen.weight": arrays["deepen_weight"].T,
        "deepen.bias": arrays["deepen_bias"],
        "combine.weight": arrays["combine_weight"],
        "combine.bias": arrays["combine_bias"],
        "correct.weight": arrays["correct_weight"],
        "correct.bias": arrays["correct_bias"],
        "trust": arrays["trust_less_one"] + 1,
    }


def _constants(network: Cascade) -> dict[str, Array]:
    dim, word_dim = network.config.dim, network.config.word_dim
    sure = np.float32(network.config.sure_logit)
    return {
        "sure_logit": np.array([sure]),
        "sure_scalar": np.array(sure),
        "fewest_words": np.array([FEWEST_WORDS], np.float32),
        "most_words": np.array([MOST_WORDS], np.int32),
        "steepness": np.array([STEEPNESS], np.float32),
        "zero_float": np.array(0, np.float32),
        "one_scalar_float": np.array(1, np.float32),
        "zero_index": np.array(0, np.int64),
        "by_byte_shape": np.array([0, -1, dim], np.int64),
        "pairs_apart_shape": np.array([0, 2, -1, word_dim], np.int64),
        "packed_apart_shape": np.array([0, word_dim, 2, -1], np.int64),
        "pairs_shape": np.array([0, 0, 2 * word_dim], np.int64),
    }
