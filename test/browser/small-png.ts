/** Pictures of text have few colours: with a palette they are a third as large. */
import { crc32, deflateSync } from 'node:zlib'
import type { Page } from 'playwright-core'

const MOST_COLOURS = 256

interface Pixels {
  readonly width: number
  readonly height: number
  /** Base64 of RGBA. */
  readonly rgba: string
}

/** `page` decodes it. Colours are rounded until they fit into a palette. */
export async function smallPng(page: Page, png: Buffer): Promise<Buffer> {
  const { width, height, rgba } = await page.evaluate<Pixels>(`(async () => {
    const image = await createImageBitmap(new Blob([Uint8Array.from(atob('${png.toString('base64')}'), (letter) => letter.charCodeAt(0))]))
    const canvas = new OffscreenCanvas(image.width, image.height)
    const context = canvas.getContext('2d')
    context.drawImage(image, 0, 0)
    const { data } = context.getImageData(0, 0, image.width, image.height)
    let text = ''
    for (let at = 0; at < data.length; at += 0x8000) text += String.fromCharCode(...data.subarray(at, at + 0x8000))
    return { width: image.width, height: image.height, rgba: btoa(text) }
  })()`)
  const pixels = Buffer.from(rgba, 'base64')
  for (let step = 1; ; step *= 2) {
    const rows = Buffer.alloc(height * (width + 1))
    const palette = new Map<number, number>()
    for (let at = 0; at < width * height && palette.size <= MOST_COLOURS; at++) {
      const part = (channel: number) => Math.min(255, Math.round(pixels[at * 4 + channel]! / step) * step)
      const colour = (part(0) << 16) | (part(1) << 8) | part(2)
      const index = palette.get(colour) ?? palette.size
      palette.set(colour, index)
      rows[at + Math.floor(at / width) + 1] = index
    }
    if (palette.size <= MOST_COLOURS) return pngOf(width, height, [...palette.keys()], rows)
  }
}

/** PNG, 11.2: eight bits a pixel, with a palette; no filter in front of the rows. */
function pngOf(width: number, height: number, palette: readonly number[], rows: Buffer): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 3, 0, 0, 0], 8)
  const colours = Buffer.from(palette.flatMap((one) => [one >>> 16, (one >>> 8) & 255, one & 255]))
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const whole = Buffer.alloc(body.length + 8)
  whole.writeUInt32BE(data.length, 0)
  body.copy(whole, 4)
  whole.writeUInt32BE(crc32(body), body.length + 4)
  return whole
}
