#![deny(warnings, missing_docs, unused, nonstandard_style, unreachable_pub, rustdoc::all)]
//! Generated functions and structs of roles pass strict lints.

fn main() {
    use undertone::prelude::*;

    const WIDTH: usize = 3;

    secure_model! {
        #[cfg(all())]
        model Net(Image: [2] from Hospital, session: [1] from insurer_2) -> [WIDTH] weights from insurer_2 {
            let Seen = (Image, session) -> Concat -> Linear { out: WIDTH };
            Seen -> Relu
        }
        release Seen: [WIDTH] = Seen to Hospital, insurer_2
        release output to Hospital, insurer_2
    }

    secure_model! {
        #[cfg(any())]
        model Absent(x: [2]) -> [7] {
            x -> NoSuchLayer
        }
        release output to client
        release more: [7] = output -> NoSuchLayer to client
    }

    assert_eq!(Net::graph().unwrap().roles(), ["Hospital", "insurer_2"]);
    let _ = (Net::Hospital, Net::insurer_2);
}
