//! Nothing but tests: `tests/models.rs` compiles and traces one tiny model for each feature of `secure_model!`, `tests/ui.rs` keeps what
//! the compiler says when a description is wrong.
