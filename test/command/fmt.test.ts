import { expect, test } from 'vitest'
import { call } from './command.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

const rules = `# how one gets in
*filter
:INPUT DROP [12:720]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:ssh - [0:0]
# what belongs to something
-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT
-A INPUT -p tcp ! --syn -m state --state NEW -j DROP
-A INPUT -p tcp --dport 22 -j ssh
-A ssh -m limit --limit 60/min -j ACCEPT
COMMIT
`

test('rules in their form: comments and order of the file, the spelling of iptables-save', async () => {
  folder.write('rules.v4', rules)
  const { code, out, error } = await call(folder.path, ['fmt', 'rules.v4'])
  expect({ code, error }).toEqual({ code: 0, error: '' })
  expect(out).toBe(`# how one gets in
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:ssh - [0:0]
# what belongs to something
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m state --state NEW -j DROP
-A INPUT -p tcp -m tcp --dport 22 -j ssh
-A ssh -m limit --limit 1/sec -j ACCEPT
COMMIT
`)
  folder.write('formed.v4', out)
  expect(await call(folder.path, ['fmt', '--check', 'formed.v4'])).toEqual({ code: 0, out: '', error: '' })
})

test('--check: another form is told, exit code 1', async () => {
  folder.write('rules.v4', rules)
  const { code, out, error } = await call(folder.path, ['fmt', '--check', 'rules.v4'])
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(error).toBe('rules.v4: not in its form; sallyport fmt prints it\n')
})

test('--canonical --counters: what iptables-save -c prints of the chains', async () => {
  folder.write('rules.v4', rules)
  const { out } = await call(folder.path, ['fmt', '--canonical', '-c', 'rules.v4'])
  expect(out).toContain(':INPUT DROP [12:720]\n')
  expect(out).not.toContain('#')
})

test('mistakes: all of them, with caret and suggestion; nothing is printed', async () => {
  folder.write(
    'wrong.v4',
    rules.replace('--dport 22', '--dprot 22').replace('-p tcp ! --syn', '-p tcp ! –syn'),
  )
  const { code, out, error } = await call(folder.path, ['fmt', 'wrong.v4'])
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(error).toMatch(/^wrong\.v4:9:\d+ {2}error {2}typographic-dash$/m)
  expect(error).toMatch(/^wrong\.v4:10:\d+ {2}error {2}unknown-option$/m)
  expect(error).toContain('did you mean --dport?')
})

test('a script and IPv6', async () => {
  folder.write('firewall.sh', '#!/bin/sh\nIPT=ip6tables\n$IPT -A INPUT -s fd00::/8 -j ACCEPT\n')
  const { code, out } = await call(folder.path, ['fmt', '-6', 'firewall.sh'])
  expect(code).toBe(0)
  expect(out).toContain('-A INPUT -s fd00::/8 -j ACCEPT\n')
})

test('no file, and a file that is not there', async () => {
  expect((await call(folder.path, ['fmt'])).code).toBe(2)
  expect((await call(folder.path, ['fmt', 'none.v4'])).code).toBe(3)
})
