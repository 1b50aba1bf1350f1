//! Losses, one number for each row.

use crate::PaddedCtc;
use burn::tensor::activation::log_softmax;
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

/// Values that are classes, which have to be whole numbers below their count.
fn indices(values: &Tensor<2>, classes: usize) -> Result<Vec<i64>, String> {
    let [_, elements] = values.dims();
    let values = values.try_to_vec_as::<f32>().map_err(|e| format!("the device does not hand out the labels: {e}"))?;
    match values.iter().position(|v| v.fract() != 0.0 || !(0.0..classes as f32).contains(v)) {
        Some(i) => Err(format!("sample {} of the batch has the label {}, but classes are 0 to {}", i / elements, values[i], classes - 1)),
        None => Ok(values.into_iter().map(|v| v as i64).collect()),
    }
}
