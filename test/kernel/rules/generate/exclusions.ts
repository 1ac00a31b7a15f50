/** What random rules leave out, by name, and why: each is counted where it would have been drawn. */
export const excluded: Readonly<Record<string, string>> = {
  'match statistic mode random': 'random by its nature',
  'target DNAT.random': 'the port is searched for at random',
  'target SNAT.random': 'the port is searched for at random',
  'target SNAT.randomFully': 'the port is searched for at random',
  'target MASQUERADE.random': 'the port is searched for at random',
  'target MASQUERADE.randomFully': 'the port is searched for at random',
  'target REDIRECT.random': 'the port is searched for at random',
}

/** What the lab has not: a policy of timeouts, lamps, SELinux, a socket, a bridge, a program behind a queue. */
export const notInLab: Readonly<Record<string, string>> = {
  'match ipvs': 'the kernel of the lab has none',
  'match nfacct': 'the lab has no account',
  'target CLUSTERIP': 'no kernel has it any more',
  'target CT.timeout': 'the lab has no policy of timeouts',
  'target IDLETIMER.alarm': 'a timer is an alarm in all rules that name it, or in none',
  'target LED': 'the kernel of the lab has none',
  'target SECMARK': 'the kernel of the lab has no SELinux',
  'target ULOG': 'no kernel has it any more',
}

/** What no capture tells, and what no kernel takes: the engine refuses it by name, and it is drawn anew. */
export const unknowable: Readonly<Record<string, string>> = {
  cgroup: 'the control group of a process',
  cpu: 'which processor handles the packet',
  devgroup: 'groups of devices',
  owner: 'the user or socket of the process that sent the packet',
  policy: 'whether IPsec carried the packet',
  realm: 'the realm of the route',
  socket: 'open sockets',
  time: '--kerneltz: the time zone of that kernel',
  limit: 'numbers that the kernel refuses',
  hashlimit: 'numbers that the kernel refuses',
}

/** Extensions that the engine does not evaluate yet: a test keeps this list to what is true. */
export const notYet: readonly string[] = [
  'match bpf',
  'match cluster',
  'match osf',
  'match rateest',
  'target DNPT',
  'target HMARK',
  'target SNPT',
  'target SYNPROXY',
  'target TEE',
  'target TPROXY',
]
