# What a page says, read from its HTML.
#
#   title($html)            text of <title>
#   text($html)             all text, tags and scripts left out
#   flashes($html)          ("success: You are now logged in …", …) from all message boxes
#   field($html, 'email')   { attributes of the control of that name }, or nothing
#   field_error($html, 'email')  its first error, or nothing
#   links($html)            { text => href }
#   problems($html)         what is not well-formed: unclosed, misnested, doubled ids
package FlaskbaseTest::Page;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT_OK = qw(title text flashes field field_error links problems decode);

my %entity = (amp => '&', lt => '<', gt => '>', quot => '"', apos => "'", nbsp => ' ');

sub decode {
    my ($text) = @_;
    $text =~ s/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/defined $1 ? chr $1 : defined $2 ? chr hex $2 : defined $entity{$3} ? $entity{$3} : "&$3;"/ge;
    return $text;
}

sub text {
    my ($html) = @_;
    $html =~ s/<(script|style)\b.*?<\/\1>//gs;
    $html =~ s/<[^>]*>/ /g;
    $html = decode($html);
    $html =~ s/\s+/ /g;
    $html =~ s/^ | $//g;
    return $html;
}

sub title {
    my ($html) = @_;
    return $html =~ /<title>(.*?)<\/title>/s ? text($1) : undef;
}

sub flashes {
    my ($html) = @_;
    my @found;
    while ($html =~ /<div class="ui (error|warning|info|success) message">(.*?)<\/div>\s*(?=<)/gs) {
        my ($look, $inside) = ($1, $2);
        # A box inside a form has a header of its own in front of the list.
        my $from = pos($html) - length $&;
        if ($inside =~ /class="header"/ && substr($html, $from) =~ /\A.*?(<ul class="list">.*?<\/ul>)/s) {
            push @found, map { "$look: " . text($_) } $1 =~ /<li>(.*?)<\/li>/gs;
        }
        else {
            push @found, "$look: " . text($inside);
        }
    }
    return @found;
}

sub attributes {
    my ($tag) = @_;
    my %found;
    while ($tag =~ /\s([\w-]+)(?:="([^"]*)")?/g) {
        $found{$1} = defined $2 ? decode($2) : '';
    }
    return \%found;
}

sub field {
    my ($html, $name) = @_;
    my ($tag) = $html =~ /(<(?:input|select|textarea)\b[^>]*\sname="\Q$name\E"[^>]*>)/ or return;
    return attributes($tag);
}

sub field_error {
    my ($html, $name) = @_;
    return $html =~ /<div id="\Q$name\E-error"><div class="ui red pointing label">(.*?)<\/div>/s ? text($1) : undef;
}

sub links {
    my ($html) = @_;
    my %found;
    while ($html =~ /<a\b([^>]*)>(.*?)<\/a>/gs) {
        $found{ text($2) } = attributes(" $1")->{href};
    }
    return \%found;
}

my %void = map { ($_ => 1) } qw(area base br col embed hr img input link meta source track wbr);

sub problems {
    my ($html) = @_;
    my (@open, @said, %id);
    push @said, 'no doctype' unless $html =~ /\A<!DOCTYPE html>/;
    $html =~ s/<!--.*?-->|<!DOCTYPE[^>]*>//gs;
    while ($html =~ /<(\/?)([a-zA-Z][\w-]*)((?:"[^"]*"|'[^']*'|[^>"'])*)>/g) {
        my ($end, $name, $rest) = ($1, lc $2, $3);
        if ($end) {
            push @said, "</$name> closes <" . (@open ? $open[-1] : 'nothing') . '>'
                unless @open && $open[-1] eq $name;
            pop @open if @open;
        }
        else {
            push @said, "id $1 twice" if $rest =~ /\sid="([^"]*)"/ && $id{$1}++;
            push @open, $name unless $void{$name} || $rest =~ /\/$/;
        }
    }
    push @said, "<$_> stays open" for @open;
    push @said, 'inline style'  if $html =~ /<[^>]*\sstyle=|<style/i;
    push @said, 'inline script' if $html =~ /<[^>]*\son\w+=|<script(?![^>]*\ssrc=)/i;
    push @said, 'not https or own: ' . $1 if $html =~ /(?:src|<link[^>]* href)="(http:[^"]*|\/\/[^"]*)"/;
    return @said;
}

1;
