#!/usr/bin/env bash
# From raw corpora to those the shipped model is trained on (docs/data.md):
#
#     training/corpora.sh RAW LISTS OUT
#
# RAW: folder of Parquet corpora, without those whose licence is not known; what training.packages
# makes of Debian's manuals and catalogues is among them.
# LISTS: folder of freq_LANG.txt lists, of isl, deu and nld dictionaries for unmunch, and fao.dic;
# in LISTS/more lists of far languages.
# OUT: folder to write; what stands there is not made again, so that a stopped run goes on.
# What is in OUT/joined then goes through training.strays, training.noise and training.contamination.
#
# Debian: apertium apertium-nno-nob apertium-dan-nor apertium-swe-nor apertium-swe-dan wdanish
# wswedish wnorwegian hunspell-tools. An hour on two cores.
set -euo pipefail

raw=$1 lists=$2 out=$3
python=${PYTHON:-.venv/bin/python}
dict=/usr/share/dict
own=$out/dictionaries
debian=("dan=$dict/danish" "swe=$dict/swedish" "nob=$dict/bokmaal" "nno=$dict/nynorsk")
neighbours=("isl=$own/isl.txt" "deu=$own/deu.txt" "nld=$own/nld.txt" "fao=$own/fao.txt")
mkdir -p "$out/joined" "$own"

translate() { # source, most sentences a pair, pairs
    local source=$1 limit=$2 file=$out/joined/mt_$1.parquet
    shift 2
    [ -e "$file" ] && return
    "$python" -m training.translation "$raw/$source.parquet" --limit "$limit" "${@/#/--pair=}" \
        --out "$out/mt_$source.parquet"
    mv "$out/mt_$source.parquet" "$file"
}

first_half() {
    translate ndt 7000 nob-nno nob-nno_e nno-nob nob-dan nno-dan
    translate tatoeba 5000 nob-nno nob-nno_e dan-nob dan-nno nob-dan swe-nob swe-nno swe-dan dan-swe
    translate giella 5000 nob-nno nob-nno_e nno-nob nob-dan nno-dan
    translate opensubtitles 6000 nob-nno nob-nno_e
    translate microsoft_docs 4000 nob-nno dan-nno
    translate legalize_no 1500 nno-nob nob-dan nob-nno
}

second_half() {
    translate wili 6000 dan-nob dan-nno nob-nno nob-nno_e nob-dan swe-nob swe-nno swe-dan dan-swe
    translate xed 4200 nob-nno nob-nno_e nob-dan swe-nob swe-nno swe-dan dan-nob
    translate common_voice 5000 nob-nno swe-nob swe-nno swe-dan dan-nob dan-nno
    translate ud 4000 nno-nob swe-dan swe-nob swe-nno
    translate l10n 3000 nob-nno nno-nob
    translate slide 3000 nob-nno nno-nob
    translate stories 2500 dan-nno swe-nno dan-nob nob-nno swe-nob
    translate handbooks 2500 nno-nob nob-nno dan-nno dan-nob nno-dan
}

words() {
    "$python" -m training.lexicon "$lists"/freq_*.txt --far "$lists"/more/freq_*.txt --translate \
        "${debian[@]/#/--dictionary=}" \
        --data "$raw/giella.parquet" \
        --data "$raw/ndt.parquet" --data "$raw/common_voice.parquet" --data "$raw/wili.parquet" \
        --out "$out/words.parquet"
    mv "$out/words.parquet" "$out/joined/words.parquet"
}

dictionaries() {
    for language in isl deu nld; do
        local encoding
        encoding=$(awk '$1 == "SET" { print $2; exit }' "$lists/$language.aff")
        unmunch "$lists/$language.dic" "$lists/$language.aff" 2>/dev/null |
            iconv --from-code "${encoding%$'\r'}" --to-code utf-8 -c > "$own/$language.txt"
    done
    # German nouns are no names. The Faroese dictionary lists every form.
    LC_ALL=C.UTF-8 sed -i 's/.*/\L&/' "$own/deu.txt"
    sed 's#[/[:space:]].*##' "$lists/fao.dic" > "$own/fao.txt"
    "$python" -m training.dictionary "${debian[@]}" "${neighbours[@]}" \
        --except "$out/joined/words.parquet" --per-language 150000 --out "$out/dictionary.parquet"
    mv "$out/dictionary.parquet" "$out/joined/dictionary.parquet"
}

unigram() {
    local joined=$out/joined
    local counted=("$raw"/{common_voice,giella,handbooks,l10n,ndt,tatoeba,ud_other,wili}.parquet)
    "$python" -m training.unigram "$lists"/freq_*.txt "$lists"/more/freq_*.txt \
        --known "$joined/words.parquet" --known "$joined/dictionary.parquet" \
        "${counted[@]/#/--data=}" "${debian[@]/#/--dictionary=}" \
        "${neighbours[@]/#/--dictionary=}" --out "$out/unigram.parquet"
    mv "$out/unigram.parquet" "$joined/unigram.parquet"
}

first_half & first=$!
second_half
wait $first
[ -e "$out/joined/words.parquet" ] || words
[ -e "$out/joined/dictionary.parquet" ] || dictionaries
[ -e "$out/joined/unigram.parquet" ] || unigram
cp "$raw"/*.parquet "$out/joined/"
