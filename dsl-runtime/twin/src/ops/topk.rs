//! The largest values along an axis.

use burn::tensor::{Int, Tensor, TensorData};
use undertone_runtime::graph::op::TopK;
use undertone_shape::Shape;

/// The k largest along the axis, the largest first and the lowest index first of equal ones, or their indices as floats. Values have a gradient, indices have none.
pub(crate) fn apply(x: Tensor<2>, from: Shape, topk: &TopK) -> Result<Tensor<2>, String> {
    let [rows, elements] = x.dims();
    let (size, inner) = (from.dim(topk.axis), from.dims()[topk.axis + 1..].iter().product::<usize>());
    let outer = rows * elements / (size * inner);
    let values = x.try_to_vec_as::<f32>().map_err(|e| format!("the device does not hand out the values that are sorted: {e}"))?;
    let mut found = vec![0i64; outer * topk.k * inner];
    for (block, found) in values.chunks_exact(size * inner).zip(found.chunks_exact_mut(topk.k * inner)) {
        for lane in 0..inner {
            let mut order: Vec<usize> = (0..size).collect();
            // stable: equal ones stay in the order of their indices
            order.sort_by(|a, b| block[b * inner + lane].total_cmp(&block[a * inner + lane]));
            for (t, index) in order.into_iter().take(topk.k).enumerate() {
                found[t * inner + lane] = index as i64;
            }
        }
    }
    let indices: Tensor<3, Int> = Tensor::from_data(TensorData::new(found, [outer, topk.k, inner]), &x.device());
    let shape = [rows, elements / size * topk.k];
    if !topk.values {
        return Ok(indices.float().reshape(shape));
    }
    let blocks: Tensor<3> = x.reshape([outer, size, inner]);
    Ok(blocks.gather(1, indices).reshape(shape))
}
