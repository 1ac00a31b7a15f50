#!/bin/bash
# Firewall and NAT of the house. Started by systemd, after the network.
set -e
export PATH=/sbin:/usr/sbin:/bin:/usr/bin:$PATH

IPT="iptables"
WAN=eth0; LAN='br0'
LAN_NET=10.20.30.0/24
SERVER="10.20.30.7"
WEB_PORTS="80,443"
ALLOWED_ICMP="0 3 8 11"
LOGLIMIT="-m limit --limit 12/min --limit-burst 5"
LOG="LOG --log-level info --log-prefix"

modprobe nf_conntrack_ftp 2>/dev/null || true
sysctl -q -w net.ipv4.ip_forward=1 > /dev/null

# Clean slate
$IPT -F; $IPT -X
$IPT -t nat -F
${IPT} -t nat -X
$IPT -t mangle -F && $IPT -t mangle -X
$IPT -P INPUT DROP
$IPT -P FORWARD DROP
$IPT -P OUTPUT ACCEPT

# Chains
$IPT -N LOGDROP
$IPT -A LOGDROP $LOGLIMIT -j $LOG "fw drop: "
$IPT -A LOGDROP -j DROP
$IPT -N "syn-flood-$WAN"
$IPT -A INPUT -i $WAN -p tcp --syn -j syn-flood-$WAN
$IPT -A syn-flood-$WAN -m limit --limit 10/s --limit-burst 100 -j RETURN
$IPT -A syn-flood-$WAN -j DROP

# State
$IPT -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
$IPT -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
$IPT -A INPUT  -m conntrack --ctstate INVALID -j LOGDROP   # broken
$IPT -A INPUT -i lo -j ACCEPT

# Services of this machine
$IPT -A INPUT -i "$LAN" -s "${LAN_NET}" -p udp --dport 53 \
     -m comment --comment "names for the house (it's \"local\")" \
     -j ACCEPT
$IPT -A INPUT -i $LAN -p udp \
	--sport bootpc --dport bootps -j ACCEPT
$IPT -A INPUT -p tcp -m multiport --dports "$WEB_PORTS" -j ACCEPT
for type in $ALLOWED_ICMP; do
  $IPT -A INPUT -p icmp --icmp-type $type -j ACCEPT
done

# To the outside
$IPT -A FORWARD -i $LAN -o $WAN -s $LAN_NET -j ACCEPT
$IPT -t nat -A POSTROUTING -o $WAN -s $LAN_NET ! -d ${LAN_NET} -j MASQUERADE

# From the outside
$IPT -t nat -A PREROUTING -i $WAN -p tcp --dport 2222 -j DNAT --to-destination ${SERVER}:22
$IPT -A FORWARD -i $WAN -o $LAN -d $SERVER -p tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT
$IPT -C INPUT -j LOGDROP 2>/dev/null || $IPT -A INPUT -j LOGDROP
$IPT -A FORWARD -j LOGDROP

ip6tables -P INPUT DROP
ip6tables -A INPUT -i lo -j ACCEPT

echo "firewall is up"
exit 0
