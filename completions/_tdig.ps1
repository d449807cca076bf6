# PowerShell completion for tdig: made from the tables of tdig by its tests; changes here are lost

Register-ArgumentCompleter -Native -CommandName 'tdig' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $on = [ordered]@{
        '+tls' = 'Use DNS over TLS, which is the default.'
        '+tls-ca' = 'Trust the system''s store, or the PEM FILE.'
        '+tls-ca=' = 'Trust the system''s store, or the PEM FILE.'
        '+tls-mozilla' = 'Trust Mozilla''s roots, built in.'
        '+tls-hostname=' = 'Check the certificate for NAME, a name or an address.'
        '+tls-sni=' = 'Send NAME as server name indication.'
        '+tls-pin=' = 'Accept only keys with this SHA-256 PIN.'
        '+tls-ocsp-stapling' = 'Demand a stapled OCSP response that says good.'
        '+tls-ocsp-stapling=' = 'Demand a stapled OCSP response that says good.'
        '+tls-certfile=' = 'Client certificate chain to present.'
        '+tls-keyfile=' = 'The private key of +tls-certfile.'
        '+tls-alpn=' = 'Offer the ALPN token TOKEN, not dot.'
        '+tls-version=' = 'Offer only this version of TLS.'
        '+tls-groups=' = 'Offer the key exchange groups GROUP,...'
        '+tls-expiry=' = 'Fail if a certificate expires within TIME.'
        '+fail=' = 'Fail on COND[,...]: rcode, nodata and others.'
        '+tcp' = 'Use TCP; with +notls, instead of UDP.'
        '+ignore' = 'Accept truncated replies over UDP.'
        '+keepopen' = 'Use one session for several queries.'
        '+pipeline=' = 'In a batch, have N queries in flight (500).'
        '+connections=' = 'In a batch, use N sessions (1).'
        '+unordered' = 'In a batch, show replies as they come.'
        '+names' = 'In a batch, take a line as name, type, class.'
        '+retry=' = 'Repeat a query over UDP N times (2; at most 1000).'
        '+proxy=' = 'Send a PROXYv2 header, plain DNS only.'
        '+fallback' = 'Without TLS, ask over TCP in cleartext.'
        '+fallback=' = 'Without TLS, ask over TCP in cleartext.'
        '+msgdelay=' = 'Wait before each message of a transfer.'
        '+timeout=' = 'Give a whole lookup this long (5 s).'
        '+idnin' = 'Convert names beyond ASCII to Punycode.'
        '+rdflag' = 'Set the flag RD, recursion desired.'
        '+recurse' = 'Same as +[no]rdflag.'
        '+adflag' = 'Set the flag AD, authentic data.'
        '+cdflag' = 'Set the flag CD, checking disabled.'
        '+aaflag' = 'Set the flag AA, authoritative answer.'
        '+tcflag' = 'Set the flag TC, truncated.'
        '+raflag' = 'Set the flag RA, recursion available.'
        '+zflag' = 'Set the reserved flag bit Z.'
        '+edns' = 'Use EDNS, of version N (0).'
        '+edns=' = 'Use EDNS, of version N (0).'
        '+doflag' = 'Set the flag DO: send DNSSEC records.'
        '+dnssec' = 'Same as +[no]doflag.'
        '+deflag' = 'Set the flag DE, delegation extension.'
        '+bufsize=' = 'Announce a UDP payload of N octets (1232).'
        '+padding' = 'Pad the query, with N octets if given.'
        '+padding=' = 'Pad the query, with N octets if given.'
        '+alignment' = 'Pad to a multiple of N octets (128).'
        '+alignment=' = 'Pad to a multiple of N octets (128).'
        '+badcookie' = 'Repeat a query with the server''s cookie.'
        '+nsid' = 'Ask for the server''s identifier (NSID).'
        '+zoneversion' = 'Ask for the version of the zone (RFC 9660).'
        '+subnet=' = 'Send the client subnet ADDR[/PREFIX].'
        '+client=' = 'Same as +[no]subnet.'
        '+cookie' = 'Send a cookie, random if none is given.'
        '+cookie=' = 'Send a cookie, random if none is given.'
        '+expire' = 'Ask for the expiry of the zone (RFC 7314).'
        '+ednsopt=' = 'Send the EDNS option CODE[:HEX].'
        '+all' = 'Show every part of the reply.'
        '+short' = 'Show the data of the answer alone.'
        '+json' = 'Write one JSON object a query.'
        '+multiline' = 'Wrap long records over several lines.'
        '+cert' = 'Show the certificate chain and the verdict.'
        '+pem' = 'Show the certificate chain as PEM.'
        '+qr' = 'Show the query too.'
        '+header' = 'Show TLS session and header.'
        '+comments' = 'Show the titles of sections.'
        '+opt' = 'Show the EDNS pseudosection.'
        '+opttext' = 'Show unknown EDNS options as text.'
        '+optpresent' = 'Show EDNS as one record.'
        '+question' = 'Show the question section.'
        '+answer' = 'Show the answer section.'
        '+authority' = 'Show the authority section.'
        '+additional' = 'Show the additional section.'
        '+tsig' = 'Show the TSIG pseudosection.'
        '+stats' = 'Show sizes, time and peer.'
        '+class' = 'Show the class of records.'
        '+ttl' = 'Show the TTL of records.'
        '+idnout' = 'Show Punycode as Unicode (on a terminal).'
        '+crypto' = 'Show keys, signatures and digests.'
        '+generic' = 'Show types and data as RFC 3597 has it.'
    }
    $off = [ordered]@{
        '+notls' = 'Undo +tls.'
        '+notls-ca' = 'Undo +tls-ca.'
        '+notls-mozilla' = 'Undo +tls-mozilla.'
        '+notls-hostname' = 'Undo +tls-hostname.'
        '+notls-sni' = 'Undo +tls-sni.'
        '+notls-pin' = 'Undo +tls-pin.'
        '+notls-ocsp-stapling' = 'Undo +tls-ocsp-stapling.'
        '+notls-certfile' = 'Undo +tls-certfile.'
        '+notls-keyfile' = 'Undo +tls-keyfile.'
        '+notls-alpn' = 'Undo +tls-alpn.'
        '+notls-version' = 'Undo +tls-version.'
        '+notls-groups' = 'Undo +tls-groups.'
        '+notls-expiry' = 'Undo +tls-expiry.'
        '+nofail' = 'Undo +fail.'
        '+notcp' = 'Undo +tcp.'
        '+noignore' = 'Undo +ignore.'
        '+nokeepopen' = 'Undo +keepopen.'
        '+nopipeline' = 'Undo +pipeline.'
        '+noconnections' = 'Undo +connections.'
        '+nounordered' = 'Undo +unordered.'
        '+nonames' = 'Undo +names.'
        '+noretry' = 'Undo +retry.'
        '+noproxy' = 'Undo +proxy.'
        '+nofallback' = 'Undo +fallback.'
        '+nomsgdelay' = 'Undo +msgdelay.'
        '+notimeout' = 'Undo +timeout.'
        '+noidnin' = 'Undo +idnin.'
        '+nordflag' = 'Undo +rdflag.'
        '+norecurse' = 'Undo +recurse.'
        '+noadflag' = 'Undo +adflag.'
        '+nocdflag' = 'Undo +cdflag.'
        '+noaaflag' = 'Undo +aaflag.'
        '+notcflag' = 'Undo +tcflag.'
        '+noraflag' = 'Undo +raflag.'
        '+nozflag' = 'Undo +zflag.'
        '+noedns' = 'Undo +edns.'
        '+nodoflag' = 'Undo +doflag.'
        '+nodnssec' = 'Undo +dnssec.'
        '+nodeflag' = 'Undo +deflag.'
        '+nobufsize' = 'Undo +bufsize.'
        '+nopadding' = 'Undo +padding.'
        '+noalignment' = 'Undo +alignment.'
        '+nobadcookie' = 'Undo +badcookie.'
        '+nonsid' = 'Undo +nsid.'
        '+nozoneversion' = 'Undo +zoneversion.'
        '+nosubnet' = 'Undo +subnet.'
        '+noclient' = 'Undo +client.'
        '+nocookie' = 'Undo +cookie.'
        '+noexpire' = 'Undo +expire.'
        '+noednsopt' = 'Undo +ednsopt.'
        '+noall' = 'Undo +all.'
        '+noshort' = 'Undo +short.'
        '+nojson' = 'Undo +json.'
        '+nomultiline' = 'Undo +multiline.'
        '+nocert' = 'Undo +cert.'
        '+nopem' = 'Undo +pem.'
        '+noqr' = 'Undo +qr.'
        '+noheader' = 'Undo +header.'
        '+nocomments' = 'Undo +comments.'
        '+noopt' = 'Undo +opt.'
        '+noopttext' = 'Undo +opttext.'
        '+nooptpresent' = 'Undo +optpresent.'
        '+noquestion' = 'Undo +question.'
        '+noanswer' = 'Undo +answer.'
        '+noauthority' = 'Undo +authority.'
        '+noadditional' = 'Undo +additional.'
        '+notsig' = 'Undo +tsig.'
        '+nostats' = 'Undo +stats.'
        '+noclass' = 'Undo +class.'
        '+nottl' = 'Undo +ttl.'
        '+noidnout' = 'Undo +idnout.'
        '+nocrypto' = 'Undo +crypto.'
        '+nogeneric' = 'Undo +generic.'
    }
    $dash = [ordered]@{
        '-q' = 'Query NAME, even if it looks like a type.'
        '-t' = 'Ask for records of this TYPE.'
        '-c' = 'Ask in this CLASS.'
        '-x' = 'Ask for the name of the address ADDR.'
        '-p' = 'Use PORT for servers that name none (853).'
        '-b' = 'Ask from the address ADDR[@PORT], any if 0.'
        '-f' = 'Read queries from FILE (- is standard input).'
        '-y' = 'Sign with this TSIG key (hmac-sha256).'
        '-k' = 'Sign with the TSIG key in FILE, as -y or BIND has it.'
        '-r' = 'Do not read ~/.tdigrc.'
        '-4' = 'Use IPv4 only.'
        '-6' = 'Use IPv6 only.'
        '-d' = 'Show debug messages; -dd shows more.'
        '--color=' = 'Write in colour: auto, always or never.'
        '-h' = 'Print this help.'
        '--help' = 'Print this help.'
        '-V' = 'Print the version.'
        '--version' = 'Print the version.'
    }

    $word = "$wordToComplete".Trim("'", '"')
    $before = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { "$_" })
    $previous = if ($before.Count) { $before[-1] } else { '' }
    $found = [ordered]@{}
    $tables = @()

    switch -regex -casesensitive ($word) {
        '^\+(tls-ca=|tls-pin=|tls-certfile=|tls-keyfile=)' {
            $option, $start = $word -split '=', 2
            foreach ($file in [System.Management.Automation.CompletionCompleters]::CompleteFilename($start)) {
                $found["$option=" + $file.CompletionText.Trim("'", '"')] = $file.ToolTip
            }
            break
        }
        '^--color=' { foreach ($it in '--color=auto', '--color=always', '--color=never') { $found[$it] = $it }; break }
        '^\+[^=]*=' { break }
        '^\+n' { $tables = @($on, $off); break }
        '^\+' { $tables = @($on); break }
        '^-' { $tables = @($dash); break }
        '^@' {
            if (Test-Path '/etc/resolv.conf') {
                foreach ($line in Get-Content '/etc/resolv.conf') {
                    if ($line -match '^nameserver\s+(\S+)') { $found["@$($Matches[1])"] = 'System resolver' }
                }
            }
            foreach ($it in '@1.1.1.1#one.one.one.one', '@1.0.0.1#one.one.one.one', '@2606:4700:4700::1111#one.one.one.one', '@2606:4700:4700::1001#one.one.one.one', '@8.8.8.8#dns.google', '@8.8.4.4#dns.google', '@2001:4860:4860::8888#dns.google', '@2001:4860:4860::8844#dns.google', '@9.9.9.9#dns.quad9.net', '@149.112.112.112#dns.quad9.net', '@2620:fe::fe#dns.quad9.net', '@2620:fe::9#dns.quad9.net', '@94.140.14.14#dns.adguard-dns.com', '@94.140.15.15#dns.adguard-dns.com', '@2a10:50c0::ad1:ff#dns.adguard-dns.com', '@2a10:50c0::ad2:ff#dns.adguard-dns.com') { $found[$it] = $it }
            break
        }
        default {
            switch -casesensitive ($previous) {
                '-q' {  }
                '-t' { foreach ($it in 'A', 'NS', 'MD', 'MF', 'CNAME', 'SOA', 'MB', 'MG', 'MR', 'NULL', 'WKS', 'PTR', 'HINFO', 'MINFO', 'MX', 'TXT', 'RP', 'AFSDB', 'X25', 'ISDN', 'RT', 'NSAP', 'NSAP-PTR', 'SIG', 'KEY', 'PX', 'GPOS', 'AAAA', 'LOC', 'NXT', 'EID', 'NIMLOC', 'SRV', 'ATMA', 'NAPTR', 'KX', 'CERT', 'A6', 'DNAME', 'SINK', 'OPT', 'APL', 'DS', 'SSHFP', 'IPSECKEY', 'RRSIG', 'NSEC', 'DNSKEY', 'DHCID', 'NSEC3', 'NSEC3PARAM', 'TLSA', 'SMIMEA', 'HIP', 'NINFO', 'RKEY', 'TALINK', 'CDS', 'CDNSKEY', 'OPENPGPKEY', 'CSYNC', 'ZONEMD', 'SVCB', 'HTTPS', 'DSYNC', 'HHIT', 'BRID', 'SPF', 'UINFO', 'UID', 'GID', 'UNSPEC', 'NID', 'L32', 'L64', 'LP', 'EUI48', 'EUI64', 'NXNAME', 'TKEY', 'TSIG', 'IXFR', 'AXFR', 'MAILB', 'MAILA', 'ANY', 'URI', 'CAA', 'AVC', 'DOA', 'AMTRELAY', 'RESINFO', 'WALLET', 'CLA', 'IPN', 'TA', 'DLV', 'DELEG', 'ALIAS', 'DELEGPARAM') { $found[$it] = $it } }
                '-c' { foreach ($it in 'IN', 'CH', 'NONE', 'ANY') { $found[$it] = $it } }
                '-x' {  }
                '-p' {  }
                '-b' {  }
                '-f' {  }
                '-y' {  }
                '-k' {  }
                default { foreach ($it in 'A', 'NS', 'MD', 'MF', 'CNAME', 'SOA', 'MB', 'MG', 'MR', 'NULL', 'WKS', 'PTR', 'HINFO', 'MINFO', 'MX', 'TXT', 'RP', 'AFSDB', 'X25', 'ISDN', 'RT', 'NSAP', 'NSAP-PTR', 'SIG', 'KEY', 'PX', 'GPOS', 'AAAA', 'LOC', 'NXT', 'EID', 'NIMLOC', 'SRV', 'ATMA', 'NAPTR', 'KX', 'CERT', 'A6', 'DNAME', 'SINK', 'OPT', 'APL', 'DS', 'SSHFP', 'IPSECKEY', 'RRSIG', 'NSEC', 'DNSKEY', 'DHCID', 'NSEC3', 'NSEC3PARAM', 'TLSA', 'SMIMEA', 'HIP', 'NINFO', 'RKEY', 'TALINK', 'CDS', 'CDNSKEY', 'OPENPGPKEY', 'CSYNC', 'ZONEMD', 'SVCB', 'HTTPS', 'DSYNC', 'HHIT', 'BRID', 'SPF', 'UINFO', 'UID', 'GID', 'UNSPEC', 'NID', 'L32', 'L64', 'LP', 'EUI48', 'EUI64', 'NXNAME', 'TKEY', 'TSIG', 'IXFR', 'AXFR', 'MAILB', 'MAILA', 'ANY', 'URI', 'CAA', 'AVC', 'DOA', 'AMTRELAY', 'RESINFO', 'WALLET', 'CLA', 'IPN', 'TA', 'DLV', 'DELEG', 'ALIAS', 'DELEGPARAM', 'IN', 'CH', 'NONE') { $found[$it] = $it } }
            }
        }
    }

    foreach ($table in $tables) {
        foreach ($text in $table.Keys) { $found[$text] = $table[$text] }
    }
    foreach ($text in $found.Keys) {
        if ($text.StartsWith($word, [System.StringComparison]::OrdinalIgnoreCase)) {
            $typed = if ($text -match "[@#\s]") { "'" + $text + "'" } else { $text }
            [System.Management.Automation.CompletionResult]::new($typed, $text, 'ParameterValue', $found[$text])
        }
    }
}
