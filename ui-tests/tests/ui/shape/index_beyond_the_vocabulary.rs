use undertone::prelude::*;

secure_model! {
    pub model Bad(words: [4, 100]) -> [4, 16] {
        let kind = words -> kind: Embedding { dim: 16, vocabulary: 2, indices: &[0, 0, 1, 2] };
        let word = words -> word: Embedding { dim: 16 };
        (word, kind) -> Add
    }
}

fn main() {}
