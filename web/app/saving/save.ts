/** Saves what is shown as files: nothing leaves the machine. */
import type { FlowRow } from '../../protocol.ts'
import type { Store } from '../store.ts'
import { counted } from '../words.ts'
import { type Picture, type PictureColors, pictureOf } from './picture.ts'

/** Packets that a picture has: those around the cursor. */
const MOST_ARROWS = 500
/** Pixels that a canvas may be high in every browser. */
const TALLEST = 16_000

export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** Packets of the chosen connection. */
export async function savePcapng(store: Store): Promise<void> {
  const { name, blob } = await store.link.ask('savePcapng', { flow: store.state.flow })
  saveBlob(blob, name)
}

export async function saveScenario(store: Store): Promise<void> {
  const { name, blob } = await store.link.ask('saveScenario', { flow: store.state.flow })
  saveBlob(blob, name)
}

export async function saveSvg(store: Store): Promise<void> {
  const { svg } = await picture(store)
  saveBlob(new Blob([svg], { type: 'image/svg+xml' }), `connection-${store.state.flow}.svg`)
}

export async function savePng(store: Store): Promise<void> {
  const { svg, width, height } = await picture(store)
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
  await image.decode()
  const scale = Math.min(2, TALLEST / height)
  const canvas = document.createElement('canvas')
  canvas.width = Math.floor(width * scale)
  canvas.height = Math.floor(height * scale)
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height)
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
  if (blob === null) throw new Error('this browser cannot make a PNG of it: save it as SVG')
  saveBlob(blob, `connection-${store.state.flow}.png`)
}

async function picture(store: Store): Promise<Picture> {
  const { flow, place, overview } = store.state
  const at = place !== null && place.flow === flow ? place.at : 0
  const first = await store.link.ask('arrows', { flow, from: 0, count: 1 })
  const { total, row } = first
  const from = Math.max(0, Math.min(total - MOST_ARROWS, at - MOST_ARROWS / 2))
  const { arrows } = await store.link.ask('arrows', { flow, from, count: MOST_ARROWS })
  const behind = total - from - arrows.length
  return pictureOf(row, arrows, { ahead: from, behind, about: aboutOf(row, total, overview) }, colorsNow())
}

function aboutOf(
  row: FlowRow,
  total: number,
  overview: { readonly names: readonly string[]; readonly rules: string | null } | null,
): string {
  const names = overview?.names.join(', ') ?? ''
  const rules = overview?.rules == null ? '' : ` through ${overview.rules}`
  return `${names}${rules}: ${row.protocol}, ${counted(total, 'packet')}`
}

/** Of the theme that is shown. */
function colorsNow(): PictureColors {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string) => style.getPropertyValue(name).trim()
  return {
    paper: color('--sheet'),
    ink: color('--ink'),
    quiet: color('--quiet'),
    line: color('--opening'),
    invalid: color('--invalid-ink'),
    blocked: color('--blocked-ink'),
  }
}
