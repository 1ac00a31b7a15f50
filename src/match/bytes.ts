/** The bytes of a text as UTF-8. */
import { encodeUtf8 } from '../capture/utf8.ts'

export function encodeBytes(text: string): number[] {
  return [...encodeUtf8(text)]
}
