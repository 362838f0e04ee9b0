//! A drawn picture for each campaign.

use image::{ImageFormat, Rgb, RgbImage};

use crate::demo::DemoError;
use crate::demo::material::DemoCampaign;

/// Width and height, pixels.
const SIZE: (u32, u32) = (1080, 810);

/// A calm drawing in the campaign's colours, as PNG: a sun behind a hill, a drop above it.
pub fn draw(campaign: &DemoCampaign) -> Result<Vec<u8>, DemoError> {
    let [ground, far, near] = campaign.colours.map(rgb);
    let image = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let (x, y) = (i64::from(x), i64::from(y));
        let inside = |cx: i64, cy: i64, r: i64| (x - cx).pow(2) + (y - cy).pow(2) <= r * r;
        let drop = inside(780, 330, 95) || (y < 330 && y > 130 && (x - 780).abs() * 200 < (y - 130) * 95);
        if drop {
            near
        } else if inside(780, 1010, 430) {
            mix(far, near)
        } else if inside(780, 420, 330) {
            far
        } else {
            ground
        }
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(|e| DemoError::Picture(e.to_string()))?;
    Ok(bytes.into_inner())
}

fn rgb(colour: u32) -> Rgb<u8> {
    let [_, r, g, b] = colour.to_be_bytes();
    Rgb([r, g, b])
}

fn mix(a: Rgb<u8>, b: Rgb<u8>) -> Rgb<u8> {
    Rgb([0, 1, 2].map(|i| a.0[i] / 2 + b.0[i] / 2))
}
