//! Generated functions of roles, run: each gives what it owns, and learns what the description releases to it.
#![allow(missing_docs)]

use undertone::prelude::*;
use undertone::{Place, Session};

secure_model! {
    model Net(x: [2] from hospital) -> [3] weights from clinic {
        let hidden = x -> fc: Linear { out: 3 };
        hidden -> Relu
    }
    release scores = output to hospital
    release class: [] = output -> ArgMax to hospital, auditor
    release hidden: [3] = hidden to auditor
}

#[test]
fn every_role_learns_what_is_released_to_it() {
    let (weights, x) = (weights(), samples());
    let run = |session: &mut Session| match session.place() {
        Place::Party(0) => {
            let NetHospital { scores, class } = Net::hospital(session, &x)?;
            assert_eq!(class.values(), [1, 2]);
            close(scores.values(), &[1.0, 2.5, 0.0, 0.0, 0.0, 2.0]);
            Ok(())
        }
        Place::Party(_) => Net::clinic(session, &weights),
        Place::Client(_) => {
            let NetAuditor { class, hidden } = Net::auditor(session)?;
            assert_eq!(class.values(), [1, 2]);
            close(hidden.values(), &[1.0, 2.5, -1.0, -1.0, -2.5, 2.0]);
            Ok(())
        }
    };
    assert_eq!(World::two_party().execute_with(1, run).unwrap().len(), 3);
}

#[test]
fn a_world_learns_everything() {
    let NetReleased { scores, class, hidden } = World::two_party().predict::<Net>(&weights(), &samples()).unwrap().output;
    assert_eq!((scores.batch(), class.values(), hidden.batch()), (2, &[1, 2][..], 2));
}

#[test]
fn a_party_without_a_role_computes() {
    secure_model! {
        model Alone(x: [2] from owner) -> [2] weights from owner {
            x -> Relu
        }
        release output to owner
    }
    let x = samples();
    let run = |session: &mut Session| match session.place() {
        Place::Party(0) => Alone::owner(session, &x, &Weights::empty()).map(|y| close(y.values(), &[1.0, 2.0, 0.0, 0.0])),
        _ => Alone::compute(session),
    };
    World::two_party().execute(run).unwrap();
}

#[test]
fn a_function_of_a_role_that_lives_elsewhere_is_refused() {
    let run = |session: &mut Session| if session.place() == Place::Party(0) { Net::clinic(session, &weights()) } else { Ok(()) };
    let error = World::two_party().execute_with(1, run).unwrap_err().to_string();
    assert!(error.contains("role `clinic` lives at party 1"), "{error}");
}

/// The third row is the difference of the two inputs.
fn weights() -> Weights {
    let mut weights = Weights::empty();
    weights.insert("fc.weight", [3, 2], vec![1.0, 0.0, 0.0, 1.0, 1.0, -1.0]);
    weights.insert("fc.bias", [3], vec![0.0, 0.5, 0.0]);
    weights
}

fn samples() -> Clear<S1<2>> {
    Clear::new(vec![1.0, 2.0, -1.0, -3.0]).unwrap()
}

fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3), "{found:?} instead of {expected:?}");
}
