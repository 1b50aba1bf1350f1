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
    let total = Net::plan(&Settings::default()).unwrap().cost(1).total();
    let (rounds, megabytes) = (total.rounds, total.sent as f64 / 1e6);
    assert_eq!(within_budget::<Net>(Some(rounds), Some(megabytes)), Ok(()));
    assert_eq!(within_budget::<Net>(Some(rounds), None), Ok(()));
    let (fewer, less) = (rounds - 1, megabytes - 1e-6);
    let error = within_budget::<Net>(Some(fewer), Some(less)).unwrap_err();
    let over = format!("`Net` is over its budget: {rounds} rounds instead of {fewer}, {megabytes:.6} megabytes instead of {less}\nNet x 1");
    assert!(error.starts_with(&over), "{error}");
    assert!(error.contains("\nrelu_1 ") && error.contains("\ntotal "), "{error}");
    assert!(within_budget::<Net>(None, Some(less)).unwrap_err().contains("over its budget: 0."));
}
