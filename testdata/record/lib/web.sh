# shellcheck shell=bash
# A web server with a small site.

# web_server HOST DIRECTIVES: nginx with these directives in its server block.
web_server() {
    mkdir -p "$work/site" "$work/nginx"
    echo '<!doctype html><title>Portolan</title><p>A chart of harbours.' >"$work/site/index.html"
    prose 6000 >"$work/site/chart.txt"
    cat >"$work/nginx-$1.conf" <<CONF
        daemon off; user root; pid $work/nginx-$1.pid; worker_processes 1; error_log stderr;
        events {}
        http {
            access_log off; types { text/html html; text/plain txt; }
            client_body_temp_path $work/nginx; proxy_temp_path $work/nginx;
            fastcgi_temp_path $work/nginx; scgi_temp_path $work/nginx; uwsgi_temp_path $work/nginx;
            server { root $work/site; $2 }
        }
CONF
    start "$1" nginx -c "$work/nginx-$1.conf"
}
