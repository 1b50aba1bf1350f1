use undertone::prelude::*;

#[derive(Clone, Copy, Debug)]
pub enum Size {
    Small,
    Large,
}

impl Size {
    const fn width(self) -> usize {
        match self {
            Self::Small => 8,
            Self::Large => 64,
        }
    }
}

secure_model! {
    pub model Block { size: Size } (x) {
        x -> Linear { out: size.width() }
    }
}

secure_model! {
    pub model Net(x: [3]) -> [8] {
        x -> Block { size: Size::Small }
    }
}

fn main() {
    let _ = Size::Large;
}
