"""Makes bert.json and bert_vocab.txt: what Hugging Face's `tokenizers` makes of some texts, with a part of BERT's uncased vocabulary.

    scripts/fetch-minilm.sh
    python3 examples/data/tests/figures/bert.py data-cache/minilm/vocab.txt

Needs tokenizers (python3 -m pip install tokenizers); made with 0.23.3. The part of the vocabulary is the special tokens, all tokens of the texts, all their prefixes and
suffixes that are tokens, which a search for the longest has to pass over, and every fiftieth token.
"""

import json
import sys
from pathlib import Path

from tokenizers import BertWordPieceTokenizer

HERE = Path(__file__).parent
TEXTS = [
    "",
    " \t\r\n ",
    "The quick brown fox jumps over the lazy dog.",
    "UNaffable, unwanted; running?! Embeddings & tokenization",
    "Don't stop—it's 'fine'… “quoted” «gänsefüßchen»",
    "Ünïcödé strïpping: Ąćęłńóśźż, Đorđe, Łódź, Ñandú, ÇA VA, Straße, STRASSE",
    "e\u0301te\u0301 A\u030angstro\u0308m \u1e9b\u0323 \ufb01ne \u01c5",
    "\u0130stanbul I\u0307 \u0131\u015f\u0131k \u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3",
    "ah\u535a\u63a8zz 北京 is 東京 and 서울, ひらがな カタカナ",
    "\U00020000\U0002a6dfx",
    "नमस्ते दुनिया العربية עברית ไทย",
    "zero\u200bwidth soft\u00adhyphen bom\ufeffbom nul\u0000byte repl\ufffdaced bell\u0007",
    "no\u00a0break\u3000ideographic\u2009thin\u2028line\u0085next\u1680ogham",
    "emoji 😀 👍🏽 family 👨‍👩‍👧 flag 🇩🇪",
    "$5.00 + 3^2 = 14 ~ `x` | <a href='http://example.com/?q=1&r=2'> #tag @user 50% \\o/",
    "e-mail: someone@example.org, tel. +49 (0)30 123-456",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "##ing ## #ing ing",
    "x² ½ ⅷ ① ㎏ ﬀ Ⅳ №5 ™ © €10 ¥",
    "math: ∀x∈ℝ ∃y≤∞ ±√2 × ÷ → ⇒",
    "line one\nline two\r\nline three\n\n- item\t1",
    "Subject: FREE!!! Click here to claim your $1,000,000 PRIZE now",
    "private use \ue000 unassigned \u0378 end",
]


def main(path):
    full = [line.rstrip("\n") for line in open(path, encoding="utf-8")]
    known = set(full)
    whole = BertWordPieceTokenizer(path, lowercase=True)
    kept = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"} | set(full[::50])
    for text in TEXTS:
        for token in whole.encode(text, add_special_tokens=False).tokens:
            plain = token.removeprefix("##")
            parts = {plain[i:j] for i in range(len(plain)) for j in range(i + 1, len(plain) + 1)}
            kept |= ({token} | parts | {f"##{part}" for part in parts}) & known
    part = [token for token in full if token in kept]
    (HERE / "bert_vocab.txt").write_text("\n".join(part) + "\n", encoding="utf-8")
    tokenizer = BertWordPieceTokenizer(str(HERE / "bert_vocab.txt"), lowercase=True)
    rows = [{"text": text, "ids": tokenizer.encode(text).ids} for text in TEXTS]
    (HERE / "bert.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    print(f"{len(part)} tokens, {len(rows)} texts")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
