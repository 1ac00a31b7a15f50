/** The text of `sallyport explain` for the page: the same lines, their styles told beside them. */
import type { ExplainedPacket } from '../../src/format/explain-json.ts'
import { formatExplained } from '../../src/format/explain-text.ts'
import type { Explained, Span } from '../protocol.ts'

const NARROWEST = 40
const WIDEST = 120
/** Stand around what has a style. What comes from the capture cannot have them: it was made printable before. */
const BEGIN = '\u0001'
const END = '\u0002'
const styles = ['heading', 'dim', 'bad'] as const

export function explainedPage(explained: ExplainedPacket, width: number): Explained {
  const columns = Number.isFinite(width) ? Math.max(NARROWEST, Math.min(WIDEST, Math.floor(width))) : WIDEST
  const text = formatExplained(explained, {
    width: columns,
    offsetAt: () => 0,
    style: (style, part) => `${BEGIN}${styles.indexOf(style)}${part}${END}`,
  })
  const { packet, family, trace } = explained.packet
  return { packet, family, lines: text.trimEnd().split('\n').map(spansOf), trace: trace ?? [] }
}

function spansOf(line: string): Span[] {
  return line.split(END).flatMap((part): Span[] => {
    const [plain = '', styled] = part.split(BEGIN)
    const spans: Span[] = plain === '' ? [] : [{ style: 'plain', text: plain }]
    if (styled !== undefined)
      spans.push({ style: styles[Number(styled[0])] ?? 'plain', text: styled.slice(1) })
    return spans
  })
}
