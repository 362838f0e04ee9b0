//! One record on disk: length, checksum, payload.
//!
//! ```text
//! length of the payload u32 LE │ CRC-32 of length and payload u32 LE │ payload
//! ```

/// Bytes before the payload.
pub const FRAME_HEAD: usize = 8;
/// Longest frame, bytes, head included: a length beyond it is damage, not a record.
pub const MAX_FRAME: usize = 2048;

/// Why the bytes at a place are not a whole frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The bytes end before the frame does: a torn tail, or a live writer in mid-write.
    #[error("the frame is not whole yet")]
    Short,
    /// The length is zero or above the limit; where the next frame begins is not known.
    #[error("a frame's payload has 1 to {} bytes", MAX_FRAME - FRAME_HEAD)]
    Length,
    /// The checksum does not fit; `next` is where the next frame begins if the length is right.
    #[error("the frame's checksum does not fit")]
    Checksum {
        /// Bytes from this frame's start to the next frame's, going by the damaged frame's length.
        next: usize,
    },
}

/// Appends a frame to `out`, its payload written by `payload` straight into the buffer.
pub fn write_frame(out: &mut Vec<u8>, payload: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; FRAME_HEAD]);
    payload(out);
    let length = u32::try_from(out.len() - start - FRAME_HEAD)
        .unwrap_or(u32::MAX)
        .to_le_bytes();
    debug_assert!(out.len() - start <= MAX_FRAME, "records cap their texts");
    let crc = checksum(length, &out[start + FRAME_HEAD..]);
    out[start..start + 4].copy_from_slice(&length);
    out[start + 4..start + FRAME_HEAD].copy_from_slice(&crc.to_le_bytes());
}

/// The payload of the frame at the start of `bytes`; the frame is `FRAME_HEAD` longer.
pub fn read_frame(bytes: &[u8]) -> Result<&[u8], FrameError> {
    let Some((head, rest)) = bytes.split_first_chunk::<FRAME_HEAD>() else {
        return Err(FrameError::Short);
    };
    let length_bytes = [head[0], head[1], head[2], head[3]];
    let crc = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    let length = u32::from_le_bytes(length_bytes) as usize;
    if length == 0 || length > MAX_FRAME - FRAME_HEAD {
        return Err(FrameError::Length);
    }
    let payload = rest.get(..length).ok_or(FrameError::Short)?;
    if checksum(length_bytes, payload) == crc {
        Ok(payload)
    } else {
        Err(FrameError::Checksum {
            next: FRAME_HEAD + length,
        })
    }
}

fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&length);
    crc.update(payload);
    crc.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_leads_back_and_one_altered_bit_never_passes() {
        let mut frame = Vec::new();
        write_frame(&mut frame, |out| out.extend_from_slice(b"a click"));
        assert_eq!(read_frame(&frame), Ok(&b"a click"[..]));
        for bit in 0..frame.len() * 8 {
            let mut altered = frame.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(read_frame(&altered).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_frame_cut_anywhere_is_short_and_zeros_are_no_frame() {
        let mut frame = Vec::new();
        write_frame(&mut frame, |out| out.extend_from_slice(b"a click"));
        for cut in 0..frame.len() {
            assert_eq!(read_frame(&frame[..cut]), Err(FrameError::Short), "cut at {cut}");
        }
        assert_eq!(read_frame(&[0; 64]), Err(FrameError::Length));
        assert_eq!(read_frame(&[0xff; 64]), Err(FrameError::Length));
    }
}
