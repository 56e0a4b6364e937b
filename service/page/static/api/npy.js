// NumPy's file format, as far as the service writes it: version 1, two axes, little-endian float32.

const HEADER_AT = 10;
const LENGTH_AT = 8;

/** Read a file: {values, height, width}. */
export function readArray(buffer) {
  const length = new DataView(buffer).getUint16(LENGTH_AT, true);
  const header = new TextDecoder().decode(new Uint8Array(buffer, HEADER_AT, length));
  const [, height, width] = /'shape': \((\d+), (\d+)\)/.exec(header).map(Number);
  return { values: new Float32Array(buffer, HEADER_AT + length, height * width), height, width };
}
