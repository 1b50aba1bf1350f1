use undertone::prelude::*;

secure_model! {
    #[budget(rounds = 6, megabytes = 0.003)]
    pub model Net(x: [4]) -> [3] {
        x -> Linear { out: 3 } -> Relu
    }
}

#[test]
fn more_than_the_budget_is_said_with_the_table() {
    use undertone::plan::within_budget;
    budget_of_Net();
    assert_eq!(within_budget::<Net>(Some(6), None), Ok(()));
    let error = within_budget::<Net>(Some(5), Some(0.0027)).unwrap_err();
    assert!(error.starts_with("`Net` is over its budget: 6 rounds instead of 5, 0.002752 megabytes instead of 0.0027\nNet x 1: per party"), "{error}");
    assert!(error.contains("\nrelu_1 ") && error.contains("\ntotal "), "{error}");
    assert!(within_budget::<Net>(None, Some(0.0027)).is_err());
}
