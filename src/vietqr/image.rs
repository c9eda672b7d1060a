//! The picture of a payment code: the matrix at error correction level M, with the quiet zone
//! of four modules that the standard asks for (ISO 18004), black on white.
//!
//! The same text always gives the same bytes, so a picture can be cached by its content.

use std::fmt::Write as _;

use png::{BitDepth, ColorType, Compression, Encoder};
use qrcode::{Color, EcLevel, QrCode};

/// The light border on every side, in modules.
pub const QUIET_ZONE: usize = 4;

/// The widest picture in points (pixels).
pub const MAX_WIDTH: usize = 2048;

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// More than a QR code holds; never for a payment code, which has at most 512 characters.
    #[error("the text is too long for a QR code")]
    TooMuchText,
    /// The picture would be wider than [`MAX_WIDTH`].
    #[error("the picture would be wider than 2048 pixels")]
    TooWide,
}

impl ImageError {
    /// One sentence in Vietnamese.
    pub fn message_vi(self) -> &'static str {
        match self {
            Self::TooMuchText => "Nội dung quá dài cho một mã QR",
            Self::TooWide => "Hình sẽ rộng hơn 2048 điểm ảnh",
        }
    }
}

/// How many pixels wide a module is drawn: 2, below which readers fail, to 20.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleSize(usize);

/// A module size outside 2 to 20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a module is drawn 2 to 20 pixels wide")]
pub struct ModuleSizeError;

impl ModuleSize {
    /// Takes a number of pixels.
    pub const fn new(pixels: usize) -> Result<Self, ModuleSizeError> {
        if pixels >= 2 && pixels <= 20 {
            Ok(Self(pixels))
        } else {
            Err(ModuleSizeError)
        }
    }

    /// The number of pixels.
    pub const fn get(self) -> usize {
        self.0
    }
}

/// The matrix of a code, ready to be drawn.
#[derive(Clone, Debug)]
pub struct Matrix {
    modules: Vec<Color>,
    width: usize,
}

/// A run of dark modules in one row; the origin is the corner of the quiet zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first dark module.
    pub column: usize,
    /// How many modules follow one another.
    pub length: usize,
}

impl Matrix {
    /// Computes the matrix; anything outside ASCII goes in as UTF-8.
    pub fn new(text: &str) -> Result<Self, ImageError> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)
            .map_err(|_| ImageError::TooMuchText)?;
        Ok(Self {
            width: code.width(),
            modules: code.into_colors(),
        })
    }

    /// The width with both quiet zones, in modules; the picture is a square.
    pub fn width(&self) -> usize {
        self.width + 2 * QUIET_ZONE
    }

    /// The dark runs of a row, counted from the upper edge of the quiet zone.
    pub fn runs(&self, row: usize) -> impl Iterator<Item = Run> + '_ {
        let row = row.checked_sub(QUIET_ZONE).filter(|row| *row < self.width);
        let modules = row.map_or(&[][..], |row| {
            &self.modules[row * self.width..][..self.width]
        });
        let mut column = 0;
        modules
            .chunk_by(|left, right| left == right)
            .filter_map(move |run| {
                let start = column;
                column += run.len();
                (run[0] == Color::Dark).then_some(Run {
                    column: start + QUIET_ZONE,
                    length: run.len(),
                })
            })
    }

    /// A scalable picture: one path of horizontal runs over a white square, its own size in
    /// modules, so that the page or the printer decides how large it is.
    pub fn svg(&self) -> String {
        let width = self.width();
        let mut svg = String::with_capacity(256 + width * width * 3);
        write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {width}\" \
             shape-rendering=\"crispEdges\"><rect width=\"{width}\" height=\"{width}\" \
             fill=\"#fff\"/><path d=\""
        )
        .expect("a String takes all");
        self.write_path(&mut svg);
        svg.push_str("\"/></svg>\n");
        svg
    }

    /// The drawing of the dark modules alone, for a page that sets its own frame: each run
    /// is `M x y h n v1 h-n z` in modules.
    pub fn write_path(&self, out: &mut String) {
        for row in 0..self.width() {
            for Run { column, length } in self.runs(row) {
                write!(out, "M{column} {row}h{length}v1h-{length}z").expect("a String takes all");
            }
        }
    }

    /// A picture of points: grey scale, one bit a pixel.
    pub fn png(&self, module: ModuleSize) -> Result<Vec<u8>, ImageError> {
        let pixels = self.width() * module.get();
        if pixels > MAX_WIDTH {
            return Err(ImageError::TooWide);
        }
        let stride = pixels.div_ceil(8);
        let mut data = Vec::with_capacity(stride * pixels);
        let mut line = vec![0xFF; stride];
        for row in 0..self.width() {
            line.fill(0xFF);
            for run in self.runs(row) {
                darken(
                    &mut line,
                    run.column * module.get(),
                    run.length * module.get(),
                );
            }
            for _ in 0..module.get() {
                data.extend_from_slice(&line);
            }
        }
        Ok(write_png(pixels, &data))
    }
}

/// Clears `length` bits from bit `start` on; the first pixel is the highest bit of a byte.
fn darken(line: &mut [u8], start: usize, length: usize) {
    for pixel in start..start + length {
        line[pixel / 8] &= !(0x80 >> (pixel % 8));
    }
}

fn write_png(pixels: usize, data: &[u8]) -> Vec<u8> {
    let width = u32::try_from(pixels).expect("the width is bounded");
    let mut out = Vec::with_capacity(4096);
    let mut encoder = Encoder::new(&mut out, width, width);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header().expect("writing to memory");
    writer
        .write_image_data(data)
        .expect("the data fill the picture");
    writer.finish().expect("writing to memory");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads a picture back with a program that shares no code with the writer.
    fn read_back(width: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
        let mut image = rqrr::PreparedImage::prepare_from_bitmap(width, width, is_dark);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1, "exactly one code is found");
        grids[0].decode().unwrap().1
    }

    fn read_png(bytes: &[u8]) -> String {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let info = reader.info();
        assert_eq!(info.bit_depth, BitDepth::One);
        assert_eq!(info.color_type, ColorType::Grayscale);
        let (width, height) = (info.width as usize, info.height as usize);
        assert_eq!(width, height);
        let mut data = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut data).unwrap();
        let stride = width.div_ceil(8);
        read_back(width, |x, y| {
            data[y * stride + x / 8] & (0x80 >> (x % 8)) == 0
        })
    }

    /// Rasterises the path four pixels a module, knowing nothing but its grammar.
    fn read_svg(svg: &str) -> String {
        let width = svg.split("viewBox=\"0 0 ").nth(1).unwrap();
        let width: usize = width.split(' ').next().unwrap().parse().unwrap();
        let path = svg
            .split(" d=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let mut dark = vec![false; width * width];
        for run in path.split('M').skip(1) {
            let (x, rest) = run.split_once(' ').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let (length, rest) = rest.split_once("v1").unwrap();
            assert_eq!(rest, format!("h-{length}z"));
            let [x, y, length] = [x, y, length].map(|number| number.parse::<usize>().unwrap());
            dark[y * width + x..][..length].fill(true);
        }
        read_back(4 * width, |x, y| dark[y / 4 * width + x / 4])
    }

    #[test]
    fn every_picture_of_the_published_codes_reads_back() {
        let file = include_str!("../../tests/data/vietqr_vectors.json");
        let vectors: serde_json::Value = serde_json::from_str(file).unwrap();
        for vector in vectors["valid"].as_array().unwrap() {
            let payload = vector["payload"].as_str().unwrap();
            let matrix = Matrix::new(payload).unwrap();
            assert_eq!(read_svg(&matrix.svg()), payload);
            for pixels in [2, 5] {
                let png = matrix.png(ModuleSize::new(pixels).unwrap()).unwrap();
                assert_eq!(read_png(&png), payload, "{pixels} pixels a module");
            }
        }
    }

    #[test]
    fn the_border_is_light_and_four_modules_wide() {
        let matrix = Matrix::new("00020101021138570010A000000727").unwrap();
        let width = matrix.width();
        for row in 0..width {
            let inside = (QUIET_ZONE..width - QUIET_ZONE).contains(&row);
            assert_eq!(matrix.runs(row).next().is_some(), inside, "row {row}");
            for run in matrix.runs(row) {
                assert!(run.column >= QUIET_ZONE);
                assert!(run.column + run.length <= width - QUIET_ZONE);
            }
        }
        // The upper left finder pattern.
        let corner = matrix.runs(QUIET_ZONE).next();
        assert_eq!(
            corner,
            Some(Run {
                column: 4,
                length: 7
            })
        );
    }

    #[test]
    fn a_picture_has_a_bounded_size() {
        assert_eq!(ModuleSize::new(1), Err(ModuleSizeError));
        assert_eq!(ModuleSize::new(21), Err(ModuleSizeError));
        let most = ModuleSize::new(20).unwrap();
        let longest = Matrix::new(&"ở".repeat(512)).unwrap();
        assert_eq!(longest.png(most), Err(ImageError::TooWide));
        assert!(longest.svg().len() < 200_000);
        let usual = Matrix::new(&"A".repeat(130)).unwrap().png(most).unwrap();
        assert!(usual.len() < 20_000, "{} bytes", usual.len());
        let text = "x".repeat(3000);
        assert!(matches!(Matrix::new(&text), Err(ImageError::TooMuchText)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_text_reads_back_from_both_pictures(text in "[ -~À-ỹ最佳🍜]{1,300}", pixels in 2usize..6) {
            let matrix = Matrix::new(&text).unwrap();
            prop_assert_eq!(&read_svg(&matrix.svg()), &text);
            let png = matrix.png(ModuleSize::new(pixels).unwrap()).unwrap();
            prop_assert_eq!(&read_png(&png), &text);
            prop_assert_eq!(png, Matrix::new(&text).unwrap().png(ModuleSize::new(pixels).unwrap()).unwrap());
        }
    }
}
