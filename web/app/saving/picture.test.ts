import { expect, test } from 'vitest'
import type { Arrow, FlowRow } from '../../protocol.ts'
import { pictureOf } from './picture.ts'

const colors = { paper: '#fff', ink: '#000', quiet: '#555', line: '#00f', invalid: '#a60', blocked: '#b00' }
const row = { protocol: 'tcp', client: '10.0.0.2:1', server: '192.0.2.9:80' } as FlowRow
const arrow: Arrow = {
  packet: 1,
  after: 0,
  side: 0,
  label: 'SYN',
  sequence: 0,
  acknowledgment: null,
  payload: 0,
  window: 1,
  ctstate: 'NEW',
  verdict: 'DROP',
  decidedBy: '<script>alert(1)</script>',
  reason: null,
  odd: false,
  state: null,
  timeout: null,
}

test('what comes from a capture stands in it as text, whatever it is', () => {
  const about = '</text><script>"x" & \u0000\ud800'
  const { svg } = pictureOf(row, [arrow], { ahead: 0, behind: 0, about }, colors)
  expect(svg).not.toMatch(/<script/)
  expect(svg).toContain('&#60;script&#62;&#34;x&#34; &#38; \ufffd\ufffd')
  expect(svg).toContain('✕ DROP &#60;script&#62;')
})

test('an arrow a packet, a gap as its time, and what is not drawn is told', () => {
  const later: Arrow = { ...arrow, packet: 9, after: 75, side: 1, verdict: 'ACCEPT', decidedBy: null }
  const { svg, height } = pictureOf(row, [arrow, later], { ahead: 3, behind: 4000, about: '' }, colors)
  expect(svg.match(/<path /g)).toHaveLength(2)
  expect(svg).toContain('⋮ 75.0 s')
  expect(svg).toContain('3 packets ahead of these and 4,000 behind them are not drawn')
  expect(height).toBe(84 + 2 * 52 + 34)
})
