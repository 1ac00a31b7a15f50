import { expect, test } from 'vitest'
import { entryView } from '../../test/support/entry-view.ts'
import { STATUS_CONFIRMED } from '../conntrack/status.ts'
import { formatXml } from './xml.ts'

test('TCP: the whole element', () => {
  expect(formatXml(entryView())).toBe(
    '<flow><meta direction="original"><layer3 protonum="2" protoname="ipv4"><src>10.0.1.2</src><dst>10.0.2.2</dst></layer3><layer4 protonum="6" protoname="tcp"><sport>40000</sport><dport>80</dport></layer4></meta><meta direction="reply"><layer3 protonum="2" protoname="ipv4"><src>10.0.2.2</src><dst>10.0.1.2</dst></layer3><layer4 protonum="6" protoname="tcp"><sport>80</sport><dport>40000</dport></layer4></meta><meta direction="independent"><state>ESTABLISHED</state><timeout>431999</timeout><mark>0</mark><use>1</use><id>1461739078</id><assured/></meta></flow>',
  )
})

test('zone, counters, time stamps, age and helper: each in its place', () => {
  const entry = entryView({
    family: 'ipv6',
    protocol: 58,
    state: null,
    status: STATUS_CONFIRMED,
    zoneReply: 7,
    counters: { original: { packets: 2, bytes: 58 }, reply: { packets: 0, bytes: 0 } },
    start: { seconds: 5, nanoseconds: 900_000_000 },
    stop: { seconds: 7, nanoseconds: 42 },
    deltaTime: 2,
    helper: 'a<b',
  })
  expect(formatXml(entry, { ktimestamp: true })).toBe(
    '<flow><meta direction="original"><layer3 protonum="10" protoname="ipv6"><src>10.0.1.2</src><dst>10.0.2.2</dst></layer3><layer4 protonum="58" protoname="icmpv6"></layer4><counters><packets>2</packets><bytes>58</bytes></counters></meta><meta direction="reply"><layer3 protonum="10" protoname="ipv6"><src>10.0.2.2</src><dst>10.0.1.2</dst></layer3><layer4 protonum="58" protoname="icmpv6"></layer4><zone>7</zone><counters><packets>0</packets><bytes>0</bytes></counters></meta><meta direction="independent"><timeout>431999</timeout><mark>0</mark><use>1</use><id>1461739078</id><unreplied/><timestamp><start>5900000000</start><stop>7000000042</stop></timestamp><deltatime>1</deltatime></meta><helper>a&lt;b</helper></flow>',
  )
})

test('SCTP: the state comes out under the name TCP has at its place', () => {
  expect(formatXml(entryView({ protocol: 132, state: 'COOKIE_WAIT' }))).toContain('<state>SYN_RECV</state>')
})
