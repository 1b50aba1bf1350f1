use undertone::prelude::*;

secure_model! {
    /// The stages of the model and those of its loss share no name.
    pub model Net(x: [4]) -> [3] {
        x -> Linear { out: 3 } -> Relu
    }
    loss (label: [3]) { (output, label) -> CrossEntropy }
}

#[test]
fn the_loss_has_a_graph_of_its_own() {
    let loss = Net::loss().unwrap().unwrap().to_string();
    assert_eq!(loss, "Net.loss\n  %0 = input output: [3]\n  %1 = input label: [3]\n  %2 = cross_entropy %0 %1: []  # cross_entropy_1\n  -> %2\n");
}
