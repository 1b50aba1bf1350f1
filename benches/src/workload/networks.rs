//! Networks of the literature, described as a user would.
//!
//! Batch normalisation is there where the network has it; its owner folds it into the weights. `bert_tiny` and `minilm` begin with the embedded tokens, as measurements of others do: whoever
//! has the text looks them up.

#![allow(missing_docs, reason = "one line each says which network it is")]

use super::Workload;
use crate::failure::Result;
use undertone::Model;
use undertone::prelude::*;

/// The network of this name.
pub(super) fn named(name: &str) -> Result<Option<Workload>> {
    Ok(Some(match name {
        "mlp" => network::<Mlp>()?,
        "lenet" => network::<LeNet>()?,
        "lenet5" => network::<LeNet5>()?,
        "minionn" => network::<MiniOnn>()?,
        "minionn_max" => network::<MiniOnnMax>()?,
        "resnet32" => network::<ResNet32>()?.scaled(|_| 0.7),
        "w2l_mfcc13_1s" => network::<Wav2Letter>()?,
        "vgg16" => network::<Vgg16>()?,
        "resnet18" => network::<ResNet18>()?.scaled(branch),
        "resnet50" => network::<ResNet50>()?.scaled(branch),
        "bert_tiny" => network::<BertTiny>()?.scaled(half),
        "minilm" => network::<MiniLm>()?.scaled(half),
        "unet_128" => network::<UNet128>()?,
        _ => return Ok(None),
    }))
}

fn network<M: Model>() -> Result<Workload> {
    Ok(Workload::new(M::graph()?.clone()))
}

/// What is added to an identity is small, as in trained networks.
fn branch(name: &str) -> f32 {
    if name.ends_with("last.weight") { 0.3 } else { 1.0 }
}

/// Weights of the size that encoders have.
fn half(name: &str) -> f32 {
    if name.contains("norm") { 1.0 } else { 0.7 }
}

secure_model! {
    /// SecureML's network (Mohassel and Zhang, 2017).
    pub model Mlp(x: [784]) -> [10] {
        x -> Linear { out: 128 } -> Relu -> Linear { out: 128 } -> Relu -> Linear { out: 10 }
    }
}

secure_model! {
    /// LeNet as Caffe has it: 431 thousand weights.
    pub model LeNet(image: [1, 28, 28]) -> [10] {
        image -> Conv2d { out: 20, kernel: 5 } -> Relu -> MaxPool2d -> Conv2d { out: 50, kernel: 5 } -> Relu -> MaxPool2d
              -> Flatten -> Linear { out: 500 } -> Relu -> Linear { out: 10 }
    }
}

secure_model! {
    /// LeNet-5 (LeCun et al., 1998) with ReLU and max pooling: 62 thousand weights.
    pub model LeNet5(image: [1, 28, 28]) -> [10] {
        image -> Conv2d { out: 6, kernel: 5, padding: 2 } -> Relu -> MaxPool2d -> Conv2d { out: 16, kernel: 5 } -> Relu -> MaxPool2d
              -> Flatten -> Linear { out: 120 } -> Relu -> Linear { out: 84 } -> Relu -> Linear { out: 10 }
    }
}

secure_model! {
    /// A convolution of 3 by 3 pixels and a ReLU.
    pub model Unit { width: usize } (x) {
        x -> conv: Conv2d { out: width, kernel: 3, padding: 1 } -> Relu
    }
}

secure_model! {
    /// What follows the pictures in MiniONN's network.
    pub model Tail(x) {
        x -> Unit { width: 64 } -> Conv2d { out: 64 } -> Relu -> Conv2d { out: 16 } -> Relu -> Flatten -> Linear { out: 10 }
    }
}

secure_model! {
    /// MiniONN's network for CIFAR-10 (Liu et al., 2017, figure 13), pooling by means: 173 thousand ReLUs.
    pub model MiniOnn(image: [3, 32, 32]) -> [10] {
        image -> Unit { width: 64 } -> Unit { width: 64 } -> AvgPool2d -> Unit { width: 64 } -> Unit { width: 64 } -> AvgPool2d -> Tail
    }
}

secure_model! {
    /// The same, pooling by maxima.
    pub model MiniOnnMax(image: [3, 32, 32]) -> [10] {
        image -> Unit { width: 64 } -> Unit { width: 64 } -> MaxPool2d -> Unit { width: 64 } -> Unit { width: 64 } -> MaxPool2d -> Tail
    }
}

secure_model! {
    /// VGG-16 for CIFAR-10 (Simonyan and Zisserman, 2015), with one layer of 512 behind the pictures: 15 million weights.
    pub model Vgg16(image: [3, 32, 32]) -> [10] {
        image -> Unit { width: 64 } -> Unit { width: 64 } -> MaxPool2d
              -> Unit { width: 128 } -> Unit { width: 128 } -> MaxPool2d
              -> Unit { width: 256 } -> Unit { width: 256 } -> Unit { width: 256 } -> MaxPool2d
              -> Unit { width: 512 } -> Unit { width: 512 } -> Unit { width: 512 } -> MaxPool2d
              -> Unit { width: 512 } -> Unit { width: 512 } -> Unit { width: 512 } -> MaxPool2d
              -> Flatten -> Linear { out: 512 } -> Relu -> Linear { out: 10 }
    }
}

secure_model! {
    /// Two convolutions beside the identity.
    pub model Basic { width: usize } (x) {
        let body = x -> Unit { width } -> last: Conv2d { out: width, kernel: 3, padding: 1 };
        (body, x) -> Add -> Relu
    }
}

secure_model! {
    /// The same where the picture is halved, beside every second pixel and channels of zeros.
    pub model Halving { width: usize, zeros: &'static [usize] } (x) {
        let body = x -> Conv2d { out: width, kernel: 3, stride: 2, padding: 1 } -> Relu -> last: Conv2d { out: width, kernel: 3, padding: 1 };
        let other = x -> Slice { axis: 1, step: 2 } -> Slice { axis: 2, step: 2 } -> Pad { before: zeros, after: zeros };
        (body, other) -> Add -> Relu
    }
}

secure_model! {
    /// ResNet-32 for CIFAR-10 (He et al., 2016), normalisations folded: 303 thousand ReLUs.
    pub model ResNet32(image: [3, 32, 32]) -> [10] {
        image -> Unit { width: 16 }
              -> for _ in 0..5 { Basic { width: 16 } }
              -> Halving { width: 32, zeros: &[8, 0, 0] } -> for _ in 1..5 { Basic { width: 32 } }
              -> Halving { width: 64, zeros: &[16, 0, 0] } -> for _ in 1..5 { Basic { width: 64 } }
              -> GlobalAvgPool -> Linear { out: 10 }
    }
}

secure_model! {
    /// Wav2Letter of torchaudio on one second of 13 coefficients (Collobert et al., 2016): 20.6 million weights, 1.2 billion multiply-adds.
    pub model Wav2Letter(audio: [13, 101]) -> [40, 51] {
        audio -> Conv1d { out: 250, kernel: 48, stride: 2, padding: 23 } -> Relu
              -> for _ in 0..7 { Conv1d { out: 250, kernel: 7, padding: 3 } -> Relu }
              -> Conv1d { out: 2000, kernel: 32, padding: 16 } -> Relu -> Conv1d { out: 2000 } -> Relu -> Conv1d { out: 40 } -> Relu
    }
}

secure_model! {
    /// A convolution without a bias, and a normalisation that its owner folds into it.
    pub model Normed { width: usize, kernel: usize, stride: usize = 1 } (x) {
        x -> conv: Conv2d { out: width, kernel, stride, padding: kernel / 2, bias: false } -> last: BatchNorm
    }
}

secure_model! {
    /// The same, and a ReLU.
    pub model Active { width: usize, kernel: usize, stride: usize = 1 } (x) {
        x -> conv: Conv2d { out: width, kernel, stride, padding: kernel / 2, bias: false } -> norm: BatchNorm -> Relu
    }
}

secure_model! {
    /// ResNet-18's block.
    pub model Two { width: usize } (x) {
        let body = x -> Active { width, kernel: 3 } -> Normed { width, kernel: 3 };
        (body, x) -> Add -> Relu
    }
}

secure_model! {
    /// The same where the picture is halved.
    pub model TwoHalving { width: usize } (x) {
        let body = x -> Active { width, kernel: 3, stride: 2 } -> Normed { width, kernel: 3 };
        let other = x -> Conv2d { out: width, stride: 2, bias: false } -> BatchNorm;
        (body, other) -> Add -> Relu
    }
}

secure_model! {
    /// What both networks for ImageNet begin with.
    pub model Stem(x) {
        x -> Active { width: 64, kernel: 7, stride: 2 } -> MaxPool2d { kernel: 3, stride: 2, padding: 1 }
    }
}

secure_model! {
    /// ResNet-18 for ImageNet (He et al., 2016): 11.7 million weights.
    pub model ResNet18(picture: [3, 224, 224]) -> [1000] {
        picture -> Stem
            -> for _ in 0..2 { Two { width: 64 } }
            -> TwoHalving { width: 128 } -> Two { width: 128 }
            -> TwoHalving { width: 256 } -> Two { width: 256 }
            -> TwoHalving { width: 512 } -> Two { width: 512 }
            -> GlobalAvgPool -> Linear { out: 1000 }
    }
}

secure_model! {
    /// ResNet-50's block.
    pub model Three { width: usize } (x) {
        let body = x -> Active { width, kernel: 1 } -> Active { width, kernel: 3 } -> Normed { width: 4 * width, kernel: 1 };
        (body, x) -> Add -> Relu
    }
}

secure_model! {
    /// The same where the number of channels changes.
    pub model ThreeWider { width: usize, stride: usize = 2 } (x) {
        let body = x -> Active { width, kernel: 1 } -> Active { width, kernel: 3, stride } -> Normed { width: 4 * width, kernel: 1 };
        let other = x -> Conv2d { out: 4 * width, stride, bias: false } -> BatchNorm;
        (body, other) -> Add -> Relu
    }
}

secure_model! {
    /// ResNet-50 for ImageNet (He et al., 2016): 25.6 million weights.
    pub model ResNet50(picture: [3, 224, 224]) -> [1000] {
        picture -> Stem
            -> ThreeWider { width: 64, stride: 1 } -> for _ in 1..3 { Three { width: 64 } }
            -> ThreeWider { width: 128 } -> for _ in 1..4 { Three { width: 128 } }
            -> ThreeWider { width: 256 } -> for _ in 1..6 { Three { width: 256 } }
            -> ThreeWider { width: 512 } -> for _ in 1..3 { Three { width: 512 } }
            -> GlobalAvgPool -> Linear { out: 1000 }
    }
}

secure_model! {
    /// A layer of BERT's encoder (Devlin et al., 2019).
    pub model Encoder { width: usize, heads: usize } (x) {
        let seen = x -> MultiHeadAttention { heads };
        let sum = (x, seen) -> Add -> norm1: LayerNorm;
        let thought = sum -> Linear { out: 4 * width } -> Gelu -> Linear { out: width };
        (sum, thought) -> Add -> norm2: LayerNorm
    }
}

secure_model! {
    /// BERT-tiny (Turc et al., 2019) on 128 tokens: two layers of 128, two heads.
    pub model BertTiny(tokens: [128, 128]) -> [128] {
        tokens -> norm: LayerNorm -> for _ in 0..2 { Encoder { width: 128, heads: 2 } } -> Mean { axes: &[0] }
    }
}

secure_model! {
    /// MiniLM (Wang et al., 2020) on 128 tokens: six layers of 384, twelve heads.
    pub model MiniLm(tokens: [128, 384]) -> [384] {
        tokens -> norm: LayerNorm -> for _ in 0..6 { Encoder { width: 384, heads: 12 } } -> Mean { axes: &[0] }
    }
}

secure_model! {
    /// Two convolutions.
    pub model Double { width: usize } (x) {
        x -> Unit { width } -> Unit { width }
    }
}

secure_model! {
    /// A U-Net (Ronneberger et al., 2015) of three levels on a grey picture of 128 by 128 pixels: 29 thousand weights.
    pub model UNet128(picture: [1, 128, 128]) -> [1, 128, 128] {
        let fine = picture -> Double { width: 8 };
        let middle = fine -> MaxPool2d -> Double { width: 16 };
        let coarse = middle -> MaxPool2d -> Double { width: 32 };
        let larger = coarse -> ConvTranspose2d { out: 16, kernel: 2, stride: 2 };
        let joined = (middle, larger) -> Concat -> Double { width: 16 } -> ConvTranspose2d { out: 8, kernel: 2, stride: 2 };
        (fine, joined) -> Concat -> Double { width: 8 } -> Conv2d { out: 1 }
    }
}
