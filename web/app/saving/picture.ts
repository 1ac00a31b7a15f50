/** A connection as a picture: an SVG that stands alone, with nothing in it but shapes and escaped text. */
import type { Arrow, FlowRow } from '../../protocol.ts'
import { grouped, spanText } from '../words.ts'

export interface PictureColors {
  readonly paper: string
  readonly ink: string
  readonly quiet: string
  readonly line: string
  readonly invalid: string
  readonly blocked: string
}

export interface Picture {
  readonly svg: string
  /** Pixels. */
  readonly width: number
  readonly height: number
}

const WIDTH = 960
const HEAD = 84
const FOOT = 34
const ROW = 52
/** Life lines of both hosts. */
const LEFT = 112
const RIGHT = 780
/** From here on the time between two packets is said as a gap. */
const GAP_SECONDS = 1
const SANS = 'system-ui, -apple-system, Segoe UI, sans-serif'

/** `skipped`: packets of the connection ahead of these, and behind them. */
export function pictureOf(
  row: FlowRow,
  arrows: readonly Arrow[],
  skipped: { readonly ahead: number; readonly behind: number; readonly about: string },
  colors: PictureColors,
): Picture {
  const height = HEAD + arrows.length * ROW + FOOT
  const { ink, quiet } = colors
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="${SANS}" font-size="13">`,
    `<title>${escaped(`${row.protocol} ${row.client} to ${row.server}`)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="${colors.paper}"/>`,
    text(16, 26, skipped.about, { fill: quiet, size: 12 }),
    text(LEFT, 58, row.client, { fill: ink, weight: 600 }),
    text(RIGHT, 58, row.server, { fill: ink, weight: 600, anchor: 'end' }),
    line(LEFT, HEAD - 14, LEFT, height - FOOT, quiet),
    line(RIGHT, HEAD - 14, RIGHT, height - FOOT, quiet),
  ]
  arrows.forEach((arrow, index) => {
    const before = index === 0 ? undefined : arrows[index - 1]
    parts.push(...rowOf(arrow, before, HEAD + index * ROW, colors))
  })
  const { ahead, behind } = skipped
  if (ahead + behind > 0) {
    const words = `${grouped(ahead)} packets ahead of these and ${grouped(behind)} behind them are not drawn`
    parts.push(text(LEFT, height - 12, words, { fill: quiet, size: 12 }))
  }
  parts.push('</svg>')
  return { svg: `${parts.join('\n')}\n`, width: WIDTH, height }
}

function rowOf(arrow: Arrow, before: Arrow | undefined, top: number, colors: PictureColors): string[] {
  const { ink, quiet } = colors
  const isBlocked = arrow.verdict === 'DROP' || arrow.verdict === 'REJECT'
  const isInvalid = arrow.ctstate === 'INVALID'
  const gap = before === undefined ? 0 : arrow.after - before.after
  const isGap = gap >= GAP_SECONDS
  const color = isBlocked ? colors.blocked : isInvalid ? colors.invalid : colors.line
  const fate = [
    isBlocked ? `✕ ${arrow.verdict} ${arrow.decidedBy ?? ''}`.trim() : '',
    arrow.odd ? arrow.reason : '',
  ]
  const isLeft = arrow.side === 1
  const at = isLeft ? RIGHT - 12 : LEFT + 12
  const anchor = isLeft ? 'end' : 'start'
  return [
    text(16, top + 14, String(arrow.packet), { fill: ink }),
    text(16, top + 31, isGap ? `⋮ ${spanText(gap)}` : `+${arrow.after.toFixed(3)}`, {
      fill: isGap ? ink : quiet,
      weight: isGap ? 600 : 400,
    }),
    text(at, top + 14, `${arrow.label}  ${numbersText(arrow)}`.trim(), { fill: ink, anchor }),
    arrowLine(arrow.side, top + 22, color, isBlocked, isInvalid),
    text(at, top + 40, fate.filter((part) => part !== '' && part !== null).join('  '), {
      fill: color,
      weight: 600,
      anchor,
      size: 12,
    }),
    text(RIGHT + 14, top + 14, isInvalid ? '! INVALID' : (arrow.ctstate ?? '–'), {
      fill: isInvalid ? colors.invalid : ink,
      weight: isInvalid ? 600 : 400,
    }),
    text(
      RIGHT + 14,
      top + 31,
      [arrow.state, arrow.timeout === null ? null : `${grouped(arrow.timeout)} s`]
        .filter((part) => part !== null)
        .join(' '),
      {
        fill: quiet,
        size: 12,
      },
    ),
  ]
}

/** What is dropped does not arrive; what neither host sent begins at none. */
function arrowLine(
  side: Arrow['side'],
  y: number,
  color: string,
  isBlocked: boolean,
  isInvalid: boolean,
): string {
  const span = RIGHT - LEFT
  const dashes = side === 2 ? '2 4' : isInvalid ? '6 4' : ''
  const [from, to] =
    side === 2
      ? [LEFT + span / 4, RIGHT - span / 4]
      : side === 1
        ? [RIGHT, isBlocked ? RIGHT - span * 0.6 : LEFT]
        : [LEFT, isBlocked ? LEFT + span * 0.6 : RIGHT]
  const back = side === 1 ? 9 : -9
  const head = isBlocked
    ? `<path d="M${to - 5} ${y - 5}l10 10m0 -10l-10 10" stroke="${color}" stroke-width="2" fill="none"/>`
    : `<path d="M${to} ${y}l${back} -4v8z" fill="${color}"/>`
  return `${line(from, y, to, y, color, 1.5, dashes)}${head}`
}

function line(x1: number, y1: number, x2: number, y2: number, color: string, width = 1, dashes = ''): string {
  const dashed = dashes === '' ? '' : ` stroke-dasharray="${dashes}"`
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${color}" stroke-width="${width}"${dashed}/>`
}

interface TextStyle {
  readonly fill: string
  readonly size?: number
  readonly weight?: number
  readonly anchor?: 'start' | 'end'
}

function text(x: number, y: number, words: string, { fill, size, weight, anchor }: TextStyle): string {
  if (words === '') return ''
  const more = [
    size === undefined ? '' : ` font-size="${size}"`,
    weight === undefined || weight === 400 ? '' : ` font-weight="${weight}"`,
    anchor === 'end' ? ' text-anchor="end"' : '',
  ]
  return `<text x="${x}" y="${y}" fill="${fill}"${more.join('')}>${escaped(words)}</text>`
}

/** For XML, which has no way to write some characters at all. */
function escaped(words: string): string {
  return words
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
}

function numbersText({ sequence, acknowledgment, payload, window }: Arrow): string {
  return [
    sequence === null ? '' : `seq ${grouped(sequence)}`,
    acknowledgment === null ? '' : `ack ${grouped(acknowledgment)}`,
    payload === 0 ? '' : `${grouped(payload)} bytes`,
    window === null ? '' : `win ${grouped(window)}`,
  ]
    .filter((part) => part !== '')
    .join(', ')
}
