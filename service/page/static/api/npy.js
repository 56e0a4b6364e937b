// Reader of NumPy's .npy files, limited to what the service writes: format 1.0, two axes, little-endian float32.

const HEADER_AT = 10;
const LENGTH_AT = 8;

/** Parse a file into {values, height, width}, values in row-major order. */
export function readArray(buffer) {
  const length = new DataView(buffer).getUint16(LENGTH_AT, true);
  const header = new TextDecoder().decode(new Uint8Array(buffer, HEADER_AT, length));
  const [, height, width] = /'shape': \((\d+), (\d+)\)/.exec(header).map(Number);
  return { values: new Float32Array(buffer, HEADER_AT + length, height * width), height, width };
}
