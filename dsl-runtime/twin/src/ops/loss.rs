//! Losses, one number for each row.

use crate::PaddedCtc;
use burn::tensor::activation::{log_sigmoid, log_softmax, sigmoid};
use burn::tensor::{Int, Tensor, TensorData};
use undertone_shape::Shape;

/// The cross-entropy of scores `[batch, classes · places]`, in nats: labels are classes, one a place, or a probability for each score.
///
/// # Errors
/// When a label is no class.
pub(crate) fn cross_entropy(scores: Tensor<2>, shape: Shape, labels: Tensor<2>, of_labels: Shape) -> Result<Tensor<2>, String> {
    let ([batch, elements], classes) = (scores.dims(), shape.dim(0));
    let places = elements / classes.max(1);
    let logarithms = log_softmax(scores.reshape([batch, classes, places]), 1);
    if of_labels.rank() == shape.rank() {
        let surprise = logarithms * labels.reshape([batch, classes, places]);
        return Ok(-surprise.sum_dim(1).mean_dim(2).reshape([batch, 1]));
    }
    let indices = indices(&labels, classes)?;
    let indices = Tensor::<3, Int>::from_data(TensorData::new(indices, [batch, 1, places]), &logarithms.device());
    Ok(-logarithms.gather(1, indices).mean_dim(2).reshape([batch, 1]))
}

/// The cross-entropy of probabilities of yes and the right ones, in nats, the mean over each row. As in PyTorch no element costs more than 100.
///
/// # Errors
/// When one of them is no probability.
pub(crate) fn binary_cross_entropy(output: Tensor<2>, target: Tensor<2>) -> Result<Tensor<2>, String> {
    probabilities(&output, "the output", ": give scores to `BinaryCrossEntropyWithLogits`")?;
    probabilities(&target, "the target", "")?;
    // a logarithm of 0 would be the end of its gradient
    let logarithm = |p: Tensor<2>| {
        let none = p.clone().lower_elem(f32::MIN_POSITIVE);
        p.clamp_min(f32::MIN_POSITIVE).log().mask_fill(none, -100.0)
    };
    let (yes, no) = (logarithm(output.clone()), logarithm(output.neg().add_scalar(1.0)));
    let against = target.clone().neg().add_scalar(1.0);
    Ok(-(target * yes + against * no).mean_dim(1))
}

/// The cross-entropy of the logistic function of scores and the right probabilities of yes, in nats, the mean over each row.
///
/// # Errors
/// When a target is no probability.
pub(crate) fn binary_cross_entropy_with_logits(output: Tensor<2>, target: Tensor<2>) -> Result<Tensor<2>, String> {
    probabilities(&target, "the target", "")?;
    // one minus the logistic function of x is that of -x
    let against = target.clone().neg().add_scalar(1.0);
    Ok(-(target * log_sigmoid(output.clone()) + against * log_sigmoid(output.neg())).mean_dim(1))
}

/// Half the square of each difference up to `delta`, straight lines beyond; the mean over each row.
pub(crate) fn huber(a: Tensor<2>, b: Tensor<2>, delta: f64) -> Tensor<2> {
    let difference = a - b;
    let near = difference.clone().clamp(-delta, delta);
    // c (d - c / 2) is d^2 / 2 where c = d, and delta (|d| - delta / 2) where c = ±delta
    (near.clone() * (difference - near * 0.5)).mean_dim(1)
}

/// One minus Dice's overlap of two masks, 2 |A and B| / (|A| + |B|), of each row.
///
/// # Errors
/// When a value is no share of a mask.
pub(crate) fn dice(output: Tensor<2>, target: Tensor<2>, smooth: f64, from_logits: bool) -> Result<Tensor<2>, String> {
    probabilities(&target, "the target", "")?;
    let mask = if from_logits {
        sigmoid(output)
    } else {
        probabilities(&output, "the output", ": set `from_logits: true` for scores")?;
        output
    };
    let both = (mask.clone() * target.clone()).sum_dim(1);
    let each = mask.sum_dim(1) + target.sum_dim(1);
    Ok((both * 2.0 + smooth).div(each + smooth).neg().add_scalar(1.0))
}

/// The mean of the squared differences of each row.
pub(crate) fn mean_squared_error(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    let difference = a - b;
    (difference.clone() * difference).mean_dim(1)
}

/// Connectionist temporal classification of scores `[batch, classes · time]`, divided by the length of each target, which ends at its first blank.
///
/// # Errors
/// When a target holds something that is no class, is empty, goes on behind a blank, or needs more time than there is.
pub(crate) fn ctc(scores: Tensor<2>, shape: Shape, targets: &Tensor<2>, blank: usize) -> Result<Tensor<2>, String> {
    let ([batch, _], [_, longest]) = (scores.dims(), targets.dims());
    let ctc = PaddedCtc { classes: shape.dim(0), blank };
    let targets: Vec<usize> = indices(targets, ctc.classes)?.into_iter().map(|c| c as usize).collect();
    let mut ended = Vec::with_capacity(batch);
    for (i, target) in targets.chunks(longest).enumerate() {
        let length = target.iter().position(|c| *c == blank).unwrap_or(longest);
        if target[length..].iter().any(|c| *c != blank) {
            return Err(format!("sample {i} of the batch: its target goes on behind the blank, class {blank}, which ends it"));
        }
        ended.push(target[..length].to_vec());
    }
    let loss = ctc.each(scores, &vec![shape.dim(1); batch], &ended).map_err(|e| e.to_string())?;
    Ok(loss.reshape([batch, 1]))
}

/// Checks that all values are from 0 to 1.
fn probabilities(values: &Tensor<2>, whose: &str, instead: &str) -> Result<(), String> {
    let [_, elements] = values.dims();
    let values = values.try_to_vec_as::<f32>().map_err(|e| format!("the device does not hand out {whose}: {e}"))?;
    match values.iter().position(|v| !(0.0..=1.0).contains(v)) {
        Some(i) => Err(format!(
            "sample {} of the batch: {whose} has {} at position {}, but probabilities are 0 to 1{instead}",
            i / elements,
            values[i],
            i % elements
        )),
        None => Ok(()),
    }
}

/// Values that are classes, which have to be whole numbers below their count.
fn indices(values: &Tensor<2>, classes: usize) -> Result<Vec<i64>, String> {
    let [_, elements] = values.dims();
    let values = values.try_to_vec_as::<f32>().map_err(|e| format!("the device does not hand out the labels: {e}"))?;
    match values.iter().position(|v| v.fract() != 0.0 || !(0.0..classes as f32).contains(v)) {
        Some(i) => Err(format!("sample {} of the batch has the label {}, but classes are 0 to {}", i / elements, values[i], classes - 1)),
        None => Ok(values.into_iter().map(|v| v as i64).collect()),
    }
}
