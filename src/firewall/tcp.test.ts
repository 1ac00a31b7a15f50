import { expect, test } from 'vitest'
import { conversation } from './conversation.ts'

/** As a live kernel (6.18) answered. */
function agrees(text: string, sysctls: Record<string, number> = {}): void {
  const { got, expected } = conversation(text, { sysctls })
  expect(got).toBe(expected)
}

const handshake = `
  A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED]
  B SA seq=500 ack=101 | ESTABLISHED | SYN_RECV 60
  A A seq=101 ack=501 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]`

test('open, data, orderly close, reopened from TIME_WAIT', () => {
  agrees(`${handshake}
    A PA seq=101 ack=501 len=10 | ESTABLISHED | ESTABLISHED 300 [ASSURED]
    B A seq=501 ack=111 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]
    A FA seq=111 ack=501 | ESTABLISHED | FIN_WAIT 120 [ASSURED]
    B A seq=501 ack=112 | ESTABLISHED | CLOSE_WAIT 60 [ASSURED]
    B FA seq=501 ack=112 | ESTABLISHED | LAST_ACK 30 [ASSURED]
    A A seq=112 ack=502 | ESTABLISHED | TIME_WAIT 120 [ASSURED]
    A S seq=9000 | NEW | SYN_SENT 120 [UNREPLIED] | tcp-reopened`)
})

test('TIME_WAIT, SYN from the old responder, opens a connection the other way', () => {
  agrees(`${handshake}
    A FA seq=101 ack=501 | ESTABLISHED | FIN_WAIT 120 [ASSURED]
    B FA seq=501 ack=102 | ESTABLISHED | LAST_ACK 30 [ASSURED]
    A A seq=102 ack=502 | ESTABLISHED | TIME_WAIT 120 [ASSURED]
    B S seq=7000 | NEW | SYN_SENT 120 [UNREPLIED] | tcp-reopened`)
})

test('SYN_SENT, RST+ACK, is gone at once', () => {
  agrees(`
    A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED]
    B RA seq=0 ack=101 | ESTABLISHED | none | tcp-rst-deleted`)
})

test('SYN_SENT, the SYN again, is not prolonged', () => {
  agrees(`
    A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED]
    wait 2.2
    A S seq=100 | NEW | SYN_SENT 117 [UNREPLIED]`)
})

test('ESTABLISHED, RSTs below, off and at the expected number', () => {
  agrees(`${handshake}
    B A seq=501 ack=101 len=100 | ESTABLISHED | ESTABLISHED 300 [ASSURED]
    A A seq=101 ack=601 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]
    B R seq=400 | INVALID | ESTABLISHED 432000 [ASSURED] | tcp-rst
    B R seq=610 | ESTABLISHED | ESTABLISHED 10 [ASSURED] | tcp-rst-doubted
    B R seq=601 | ESTABLISHED | CLOSE 10 [ASSURED]`)
})

test('ESTABLISHED, blind SYN, the client resets what the challenge ACK shows', () => {
  agrees(`${handshake}
    A S seq=5000 | ESTABLISHED | ESTABLISHED 432000 [ASSURED] | tcp-ignored
    B A seq=501 ack=101 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]
    A R seq=101 | ESTABLISHED | CLOSE 10 [ASSURED]
    A S seq=5000 | NEW | SYN_SENT 120 [UNREPLIED] | tcp-reopened`)
})

test('ESTABLISHED, blind SYN that the server answers, is resynchronised', () => {
  agrees(`${handshake}
    A S seq=5000 | ESTABLISHED | ESTABLISHED 432000 [ASSURED] | tcp-ignored
    B SA seq=8000 ack=5001 | ESTABLISHED | SYN_RECV 60 [ASSURED] | tcp-resynchronised
    A A seq=5001 ack=8001 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]`)
})

test('SYN_SENT, an old ACK answers, the client resets and opens again', () => {
  agrees(`
    A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED]
    B A seq=900 ack=40 | ESTABLISHED | SYN_SENT 120 | tcp-ignored
    A R seq=40 | ESTABLISHED | CLOSE 10
    A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED] | tcp-reopened
    B SA seq=1000 ack=101 | ESTABLISHED | SYN_RECV 60
    A A seq=101 ack=1001 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]`)
})

test('simultaneous open', () => {
  agrees(`
    A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED]
    B S seq=500 | ESTABLISHED | SYN_SENT2 120 | tcp-simultaneous-open
    A SA seq=100 ack=501 | ESTABLISHED | SYN_RECV 60
    B SA seq=500 ack=101 | ESTABLISHED | SYN_RECV 60 | tcp-ignored
    A A seq=101 ack=501 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]
    B A seq=501 ack=101 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]`)
})

test('picked up in mid-stream, unless tcp_loose is 0', () => {
  agrees(`
    A A seq=1000 ack=2000 len=50 | NEW | ESTABLISHED 300 [UNREPLIED] | tcp-picked-up
    B A seq=2000 ack=1050 | ESTABLISHED | ESTABLISHED 300
    A A seq=1050 ack=2000 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]`)
  agrees('A A seq=1000 ack=2000 | INVALID | none | tcp-not-loose', { nf_conntrack_tcp_loose: 0 })
})

test('no entry, a packet that is neither SYN nor bare ACK begins none', () => {
  agrees(`
    A SA seq=1 ack=1 | INVALID | none | tcp-new
    A FA seq=1 ack=1 | INVALID | none | tcp-new
    A R seq=1 | INVALID | none | tcp-new
    A SF seq=1 | INVALID | none | tcp-flags
    B A seq=5 ack=6 | NEW | ESTABLISHED 300 [UNREPLIED] | tcp-picked-up`)
})

test('window limits', () => {
  agrees(`${handshake}
    A A seq=101 ack=501 win=1000 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]
    B A seq=1502 ack=101 len=10 | ESTABLISHED | ESTABLISHED 300 [ASSURED]
    B A seq=501 ack=101 len=1000 | ESTABLISHED | ESTABLISHED 300 [ASSURED]
    B A seq=1501 ack=101 len=1 | ESTABLISHED | ESTABLISHED 300 [ASSURED]
    A A seq=101 ack=1600 | INVALID | ESTABLISHED 300 [ASSURED] | tcp-ack-high
    A A seq=101 ack=1502 win=0 | ESTABLISHED | ESTABLISHED 300 [ASSURED]`)
})

test('the same ACK four times means trouble: 300 s', () => {
  agrees(`${handshake}
    A A seq=101 ack=501 win=0 | ESTABLISHED | ESTABLISHED 300 [ASSURED]
    A A seq=101 ack=501 win=500 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]
    A A seq=101 ack=501 win=500 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]
    A A seq=101 ack=501 win=500 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]
    A A seq=101 ack=501 win=500 | ESTABLISHED | ESTABLISHED 300 [ASSURED] | tcp-retransmitted`)
})

test('an entry expires at its tick and a stray FIN finds nothing', () => {
  agrees(`${handshake}
    B R seq=501 | ESTABLISHED | CLOSE 10 [ASSURED]
    wait 9.99
    A FA seq=101 ack=501 | ESTABLISHED | CLOSE 10 [ASSURED]
    wait 10
    A FA seq=101 ack=501 | INVALID | none | tcp-new`)
})
