/** A QR code as one path of an SVG, drawn on the page itself: nothing is asked of anybody, and no script or style is needed. */
import qrcode from 'qrcode';

export interface QrCode {
  /** The side of the square in modules, with the quiet zone. */
  size: number;
  /** `d` of the path: a square for each dark module. */
  path: string;
}

/** ISO/IEC 18004 asks for four light modules around. */
const quiet = 4;

export function qrCode(text: string): QrCode {
  const { modules } = qrcode.create(text, { errorCorrectionLevel: 'M' });
  const { size } = modules;
  const squares: string[] = [];
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      if (modules.get(row, column)) squares.push(`M${column + quiet} ${row + quiet}h1v1h-1z`);
  return { size: size + 2 * quiet, path: squares.join('') };
}
