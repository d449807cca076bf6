# bash completion for tdig: made from the tables of tdig by its tests; changes here are lost

_tdig() {
    local on='
        +tls +tls-ca +tls-ca= +tls-mozilla +tls-hostname= +tls-sni= +tls-pin= +tls-ocsp-stapling
        +tls-ocsp-stapling= +tls-certfile= +tls-keyfile= +tls-alpn= +tls-version= +tls-groups=
        +tls-expiry= +fail= +tcp +ignore +keepopen +pipeline= +connections= +unordered +names
        +retry= +proxy= +fallback +fallback= +msgdelay= +timeout= +idnin +rdflag +recurse +adflag
        +cdflag +aaflag +tcflag +raflag +zflag +edns +edns= +doflag +dnssec +deflag +bufsize=
        +padding +padding= +alignment +alignment= +badcookie +nsid +zoneversion +subnet= +client=
        +cookie +cookie= +expire +ednsopt= +all +short +json +multiline +cert +pem +qr +header
        +comments +opt +opttext +optpresent +question +answer +authority +additional +tsig +stats
        +class +ttl +idnout +crypto +generic'
    local off='
        +notls +notls-ca +notls-mozilla +notls-hostname +notls-sni +notls-pin
        +notls-ocsp-stapling +notls-certfile +notls-keyfile +notls-alpn +notls-version
        +notls-groups +notls-expiry +nofail +notcp +noignore +nokeepopen +nopipeline
        +noconnections +nounordered +nonames +noretry +noproxy +nofallback +nomsgdelay +notimeout
        +noidnin +nordflag +norecurse +noadflag +nocdflag +noaaflag +notcflag +noraflag +nozflag
        +noedns +nodoflag +nodnssec +nodeflag +nobufsize +nopadding +noalignment +nobadcookie
        +nonsid +nozoneversion +nosubnet +noclient +nocookie +noexpire +noednsopt +noall +noshort
        +nojson +nomultiline +nocert +nopem +noqr +noheader +nocomments +noopt +noopttext
        +nooptpresent +noquestion +noanswer +noauthority +noadditional +notsig +nostats +noclass
        +nottl +noidnout +nocrypto +nogeneric'
    local dash='
        -q -t -c -x -p -b -f -y -k -r -4 -6 -d --color= -h --help -V --version'
    local types='
        A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP
        NSAP-PTR SIG KEY PX GPOS AAAA LOC NXT EID NIMLOC SRV ATMA NAPTR KX CERT A6 DNAME SINK OPT
        APL DS SSHFP IPSECKEY RRSIG NSEC DNSKEY DHCID NSEC3 NSEC3PARAM TLSA SMIMEA HIP NINFO RKEY
        TALINK CDS CDNSKEY OPENPGPKEY CSYNC ZONEMD SVCB HTTPS DSYNC HHIT BRID SPF UINFO UID GID
        UNSPEC NID L32 L64 LP EUI48 EUI64 NXNAME TKEY TSIG IXFR AXFR MAILB MAILA ANY URI CAA AVC
        DOA AMTRELAY RESINFO WALLET CLA IPN TA DLV DELEG ALIAS DELEGPARAM'
    local classes='
        IN CH NONE ANY'
    local bare='
        A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP
        NSAP-PTR SIG KEY PX GPOS AAAA LOC NXT EID NIMLOC SRV ATMA NAPTR KX CERT A6 DNAME SINK OPT
        APL DS SSHFP IPSECKEY RRSIG NSEC DNSKEY DHCID NSEC3 NSEC3PARAM TLSA SMIMEA HIP NINFO RKEY
        TALINK CDS CDNSKEY OPENPGPKEY CSYNC ZONEMD SVCB HTTPS DSYNC HHIT BRID SPF UINFO UID GID
        UNSPEC NID L32 L64 LP EUI48 EUI64 NXNAME TKEY TSIG IXFR AXFR MAILB MAILA ANY URI CAA AVC
        DOA AMTRELAY RESINFO WALLET CLA IPN TA DLV DELEG ALIAS DELEGPARAM IN CH NONE'
    local servers='
        @1.1.1.1#one.one.one.one @1.0.0.1#one.one.one.one @2606:4700:4700::1111#one.one.one.one
        @2606:4700:4700::1001#one.one.one.one @8.8.8.8#dns.google @8.8.4.4#dns.google
        @2001:4860:4860::8888#dns.google @2001:4860:4860::8844#dns.google @9.9.9.9#dns.quad9.net
        @149.112.112.112#dns.quad9.net @2620:fe::fe#dns.quad9.net @2620:fe::9#dns.quad9.net
        @94.140.14.14#dns.adguard-dns.com @94.140.15.15#dns.adguard-dns.com
        @2a10:50c0::ad1:ff#dns.adguard-dns.com @2a10:50c0::ad2:ff#dns.adguard-dns.com'

    # the whole word: bash cuts it at COMP_WORDBREAKS, and $2 is only what follows the last cut
    local line=${COMP_LINE:0:COMP_POINT} gap=$'\x01' word stem candidate words= key value rest
    word=${line//\\ /$gap}
    word=${word##*[[:space:]]}
    word=${word//$gap/\\ }
    word=${word#[\"\']}
    stem=${word%"$2"}
    COMPREPLY=()

    case $word in
        +tls-ca=* | +tls-pin=* | +tls-certfile=* | +tls-keyfile=*)
            while IFS= read -r candidate; do
                [[ -d $candidate ]] && candidate+=/
                candidate=${word%%=*}=$candidate
                COMPREPLY+=("${candidate#"$stem"}")
            done < <(compgen -f -- "${word#*=}")
            compopt -o filenames 2>/dev/null
            [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
            return ;;
        --color=*) words='--color=auto --color=always --color=never' ;;
        +*=*) return ;;
        +n*) words="$on $off" ;;
        +*) words=$on ;;
        -*) words=$dash ;;
        @*)
            if [[ -r /etc/resolv.conf ]]; then
                while read -r key value rest; do
                    [[ $key == nameserver ]] && words+=" @$value"
                done </etc/resolv.conf
            fi
            words+=" $servers" ;;
        *)
            case ${COMP_WORDS[COMP_CWORD-1]} in
                -q) return ;;
                -t) words=$types ;;
                -c) words=$classes ;;
                -x) return ;;
                -p) return ;;
                -b) return ;;
                -f) compopt -o default 2>/dev/null; return ;;
                -y) return ;;
                -k) compopt -o default 2>/dev/null; return ;;
                *) words=$bare ;;
            esac
            [[ $word == [[:lower:]]* ]] && words=$(tr '[:upper:]' '[:lower:]' <<<"$words") ;;
    esac

    read -r -d '' -a words <<<"$words"
    for candidate in "${words[@]}"; do
        [[ $candidate == "$word"* ]] && COMPREPLY+=("${candidate#"$stem"}")
    done
    # a value follows at once
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}

complete -F _tdig tdig
