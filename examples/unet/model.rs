//! A small U-Net, described once: trained in the clear by `train_images`, run privately by `unet`.

use undertone::prelude::*;
use undertone_data::nuclei::TILE;

secure_model! {
    /// Two convolutions.
    pub model Double { width: usize } (x) {
        x -> conv1: Conv2d { out: width, kernel: 3, padding: 1, bias: false } -> norm1: BatchNorm -> Relu
          -> conv2: Conv2d { out: width, kernel: 3, padding: 1, bias: false } -> norm2: BatchNorm -> Relu
    }
}

secure_model! {
    /// A U-Net (Ronneberger et al., 2015) of three levels over a tile of a microscope's picture. 29 thousand weights. Scores stay secret: the laboratory learns which pixels are nuclei.
    #[budget(rounds = 75, megabytes = 4.1)]
    pub model UNet(picture: [1, TILE, TILE] from laboratory) -> [1, TILE, TILE] weights from provider {
        let fine = picture -> down1: Double { width: 8 };
        let middle = fine -> MaxPool2d -> down2: Double { width: 16 };
        let coarse = middle -> MaxPool2d -> down3: Double { width: 32 };
        let larger = coarse -> rise1: ConvTranspose2d { out: 16, kernel: 2, stride: 2 };
        let joined = (middle, larger) -> Concat -> up1: Double { width: 16 } -> rise2: ConvTranspose2d { out: 8, kernel: 2, stride: 2 };
        (fine, joined) -> Concat -> up2: Double { width: 8 } -> score: Conv2d { out: 1 }
    }
    loss (mask: [1, TILE, TILE]) { (output, mask) -> Dice }
    release nuclei: [1, TILE, TILE] = output -> Above { at: 0.0 } to laboratory
}
