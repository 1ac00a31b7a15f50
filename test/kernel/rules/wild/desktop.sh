#!/bin/sh

### BEGIN INIT INFO
# Provides: desktop-firewall
# Default-Start: 2 3 4 5
### END INIT INFO

iptables=/sbin/iptables
PUBLIC_IF="wlan0"
TRUSTED="192.0.2.0/28 198.51.100.7"
DEBUG=no; EXTRA=
MODE=${MODE:-strict}

say() {
    echo "firewall: done"
}

flush() {
    iptables --flush
    iptables --delete-chain
    iptables --table mangle --flush
}

defaults () {
    iptables --policy INPUT DROP
    iptables --policy FORWARD DROP
    iptables --policy OUTPUT ACCEPT
}

function allow_trusted {
    for host in $TRUSTED
    do
        iptables --append INPUT --source $host --protocol tcp --destination-port 22 --jump ACCEPT
    done
}

flush
defaults

# anything of ours that comes back
iptables --append INPUT --match state --state RELATED,ESTABLISHED --jump ACCEPT
iptables --append INPUT --in-interface lo --jump ACCEPT

allow_trusted

if [ "$DEBUG" = "yes" ]; then
    iptables --append INPUT --jump LOG --log-prefix 'debug: '
    iptables --table mangle --append PREROUTING --jump TRACE
fi

if [ -n "$PUBLIC_IF" ] && [ "$MODE" != open ]; then
    iptables --append INPUT --in-interface "$PUBLIC_IF" --protocol udp --match multiport --destination-ports 137,138 --jump DROP
elif [ "$MODE" = open ]; then
    iptables --policy INPUT ACCEPT
else
    iptables --append INPUT --protocol udp --jump ACCEPT
fi

if test -z "$EXTRA"; then
    iptables --append INPUT --protocol icmp --icmp-type ping --jump ACCEPT
fi

[ "$MODE" = strict ] && iptables --append INPUT --jump REJECT --reject-with icmp-host-prohibited

iptables-restore --noflush <<'RULES'
*mangle
-A POSTROUTING -p tcp -m tcp --dport 22 -j DSCP --set-dscp-class CS4
COMMIT
RULES

say
