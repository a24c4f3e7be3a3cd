#!/usr/bin/env python3
"""Prints the text that both ends know before the first page (doc/DELTA_FORMAT.md, "The starting text"): words of HTML, CSS, JavaScript,
SVG and JSON in the places where pages have them. All of it is written here. The text belongs to the protocol: an end with
another text cannot talk to those in use, so a change needs a feature bit of its own and the old text beside it.

    railgund/delta/starting_text.py > railgund/delta/starting_text.txt"""

# Words of pages, by how they are used.
ENGLISH = """the of and to in a is that for it as was with be by on not he this are or his from at which but have an had they you were
their one all we can her has there been if more when will would who so no out up into than them some could time these two may then do
first any my now such like our over me even most made after also did many before must through back years where much your way well
down should because each just those people how too little state good very make world still see own work long get here between both
life being under never day same another know while last might us great old year off come since against go came right used take three
about other only new its what use please information page number name please more results please change please""".split()
SCREEN = """Log in|Log out|Sign in|Sign up|Register|Create account|Username|User name|Password|Remember me|Forgot password?|E-mail|Email address|
Search|Search results|Search for|Advanced search|Submit|Save|Save changes|Cancel|Close|Delete|Edit|Edit page|Add|Add new|Remove|Update|View|View all|
View history|Upload|Upload file|Download|Preview|Next|Previous|Next page|Previous page|Back|Back to top|Home|Main page|Help|About|About us|Contact|
Contact us|Privacy policy|Terms of use|Terms of service|All rights reserved|Copyright|Powered by|Settings|Preferences|Options|Tools|Profile|My account|
Dashboard|Administration|Users|Groups|Permissions|Projects|Issues|Comments|Leave a comment|Reply|Share|Categories|Tags|Archives|Recent changes|
Recent posts|Recent comments|Latest news|News|Read more|Continue reading|Show more|Learn more|Table of contents|Contents|Navigation|Navigation menu|
Toggle navigation|Skip to content|Skip to main content|Jump to navigation|Language|English|Date|Time|Today|Yesterday|January|February|March|April|May|
June|July|August|September|October|November|December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Name|Title|Description|Type|Size|
Status|Active|Inactive|Enabled|Disabled|Yes|No|None|All|Error|Warning|Success|Loading...|Not found|Page not found|Please wait|Are you sure?|
Subscribe|Newsletter|Menu|Article|Discussion|Source|Version|Last modified|Last updated|Published|Created|Modified|Author|Posted by|Posted on|
Add to cart|Price|Free|Shop|Products|Services|Support|Documentation|Blog|Careers|Follow us|Language""".replace("\n", "").split("|")

HEADS = """<!DOCTYPE html>
<html lang="en" dir="ltr" class="no-js" xmlns="http://www.w3.org/1999/xhtml" xml:lang="en">
<head>
<meta charset="UTF-8" />
<meta charset="utf-8">
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<meta http-equiv="X-UA-Compatible" content="IE=edge">
<meta name="viewport" content="width=device-width, initial-scale=1.0, maximum-scale=1, user-scalable=yes">
<meta name="viewport" content="width=device-width,initial-scale=1" />
<meta name="robots" content="noindex,nofollow,max-image-preview:large" />
<meta name="referrer" content="origin-when-cross-origin">
<meta name="generator" content="WordPress" /><meta name="description" content=""><meta name="keywords" content=""/>
<meta name="author" content=""><meta name="theme-color" content="#ffffff"><meta name="format-detection" content="telephone=no">
<meta name="csrf-param" content="authenticity_token" /><meta name="csrf-token" content="" />
<meta property="og:title" content=""/><meta property="og:type" content="website"/><meta property="og:type" content="article" />
<meta property="og:image" content="https://www."/><meta property="og:image:width" content="1200"/><meta property="og:image:height" content="630"/>
<meta property="og:url" content="https://"/><meta property="og:description" content=""/><meta property="og:site_name" content=""/><meta property="og:locale" content="en_US" />
<meta property="article:published_time" content="T00:00:00+00:00" /><meta name="twitter:card" content="summary_large_image"/><meta name="twitter:site" content="@">
<meta name="twitter:title" content=""><meta name="twitter:description" content=""><meta name="twitter:image" content="">
<title></title>
<base href="/"><link rel="canonical" href="https://www." /><link rel="shortcut icon" href="/favicon.ico" type="image/x-icon"/>
<link rel="icon" type="image/png" sizes="32x32" href="/favicon-32x32.png"><link rel="apple-touch-icon" sizes="180x180" href="/apple-touch-icon.png">
<link rel="manifest" href="/manifest.json"><link rel="dns-prefetch" href="//"><link rel="preconnect" href="https://" crossorigin><link rel="profile" href="http://gmpg.org/xfn/11" />
<link rel="preload" as="script" href="/assets/" crossorigin="anonymous"><link rel="preload" as="font" type="font/woff2"><link rel="modulepreload" href="/static/js/">
<link rel="stylesheet" href="/static/css/style.css" type="text/css" media="all" /><link rel="stylesheet" type="text/css" media="screen" href="/css/main.min.css">
<link rel="alternate" type="application/rss+xml" title="RSS" href="/feed/" /><link rel="alternate" type="application/atom+xml" title="Atom feed" href="/index.php?title=">
<link rel="alternate" hreflang="en" href="https://"/><link rel="search" type="application/opensearchdescription+xml" href="/opensearch.xml" title="Search"/><link rel="next" href="/page/2/" />
<script type="text/javascript">/*<![CDATA[*//*]]>*/</script><script src="/static/js/jquery.min.js" type="text/javascript" defer="defer" async></script>
<script type="module" src="/assets/index.js" integrity="sha384-" crossorigin="anonymous"></script><script nonce=""></script><noscript><iframe src="" height="0" width="0" style="display:none;visibility:hidden"></iframe></noscript>
<script type="application/ld+json">{"@context":"https://schema.org","@type":"WebSite","@id":"https://","name":"","url":"https://","publisher":{"@type":"Organization","logo":{"@type":"ImageObject","url":""}},"datePublished":"","dateModified":"","headline":"","mainEntityOfPage":{"@type":"WebPage"},"author":{"@type":"Person"},"itemListElement":[{"@type":"ListItem","position":1}]}</script>
<style type="text/css" media="screen"></style><!--[if lt IE 9]><![endif]--></head>
"""
BODY = """<body class="home page-template-default mediawiki ltr sitedir-ltr" id="top">
<a class="skip-link screen-reader-text" href="#content"></a><div id="wrapper" class="container"><div class="row"><div class="col-md-12 col-sm-6 col-xs-12">
<header id="header" class="site-header" role="banner"><nav class="navbar navbar-expand-lg navbar-light" id="navigation" role="navigation" aria-label="Main menu"><ul class="nav navbar-nav menu" id="menu-main">
<li class="menu-item active"><a href="/" title="" accesskey="z" class="nav-link" rel="nofollow"><span></span></a></li><li class="dropdown"><a href="#" class="dropdown-toggle" data-toggle="dropdown" aria-haspopup="true" aria-expanded="false"></a>
<button type="button" class="navbar-toggle collapsed btn btn-primary btn-sm" data-toggle="collapse" data-target="#navbar" aria-controls="navbar"><span class="sr-only"></span><span class="icon-bar"></span></button></ul></nav></header>
<main id="content" class="site-main" role="main"><article id="post-1" class="post type-post status-publish format-standard hentry"><h1 class="entry-title" id="firstHeading"></h1><h2 class="title"><a href="https://www." rel="bookmark"></a></h2><h3></h3><h4></h4>
<p class="description">This is a </p><p></p><div class="content"><div class="item"><div class="inner"><span class="date"><time datetime="" class="entry-date published"></time></span></div></div></div>
<img src="/images/" alt="" width="100" height="100" class="img-responsive lazyload" loading="lazy" decoding="async" srcset="" sizes="(max-width: 300px) 100vw, 300px" data-src=""/><figure class="image"><picture><source type="image/webp" srcset=""><figcaption></figcaption></picture></figure>
<table class="table wikitable" border="0" cellpadding="0" cellspacing="0" width="100%"><caption></caption><thead><tr class="odd"><th scope="col" colspan="2" rowspan="1" align="left" valign="top"></th></tr></thead><tbody><tr class="even"><td class="" align="right" nowrap="nowrap">&nbsp;</td></tr></tbody></table>
<form action="/search" method="get" class="form-inline" id="searchform" role="search"><label for="s"></label><input type="search" name="q" id="s" value="" placeholder="Search" title="Search" autocomplete="off" autofocus class="form-control" /><input type="submit" value="Search" class="button btn btn-default"/></form>
<form method="post" action="" id="login-form" accept-charset="UTF-8" enctype="multipart/form-data"><input type="hidden" name="csrfmiddlewaretoken" value=""><input type="hidden" name="_token" value=""/><input type="text" name="username" maxlength="150" required id="id_username" autocapitalize="none"><input type="password" name="password" id="id_password" size="30" required="required"/><input type="checkbox" name="remember" checked="checked" disabled="disabled"/><select name="" id=""><option value="0" selected="selected"></option><option value="1"></option></select><textarea name="comment" cols="45" rows="8"></textarea><fieldset><legend></legend></fieldset><button type="submit" class="btn"></button></form>
<dl><dt></dt><dd></dd></dl><ol><li></li></ol><blockquote></blockquote><pre><code class="language-"></code></pre><strong></strong><em></em><b></b><i class="icon fa fa-"></i><small></small><sup></sup><br><br /><hr/><iframe width="560" height="315" src="https://www.youtube.com/embed/" frameborder="0" allowfullscreen></iframe>
<aside id="sidebar" class="widget-area" role="complementary"><section id="widget" class="widget"></section></aside><div class="pagination"><a class="next" href="?page=2">&raquo;</a><a class="prev" href="?page=1">&laquo;</a></div><div style="display:none" hidden></div><div style="clear:both"></div>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false"><g transform="translate(0,0)" fill-rule="evenodd" clip-rule="evenodd"><path d="M12 0C5.4 0 0 5.4 0 12s5.4 12 12 12 12-5.4 12-12S18.6 0 12 0zm0 22c-5.5 0-10-4.5-10-10" fill="#000"/><circle cx="12" cy="12" r="10"/><rect x="0" y="0" width="10" height="10" rx="2"/><polyline points=""/><line x1="0" y1="0" x2="1" y2="1"/><polygon points=""></polygon><defs><linearGradient id="a" x1="0%" y1="0%" gradientUnits="userSpaceOnUse"><stop offset="0" stop-color="#fff" stop-opacity="1"/></linearGradient><clipPath></clipPath></defs><use xlink:href="#"></use><text x="0" y="0" font-size="12"></text></g></svg>
</article></main><footer id="footer" class="site-footer footer" role="contentinfo"><p>Copyright &copy; <a href="mailto:"></a> &#8211; &amp; &#x27; &quot; &lt;br&gt; &#039; &#8217; &#8230; &middot; &rarr; &times;</p></footer></div></div></div><a href="https://twitter.com/" target="_blank" rel="noopener noreferrer"></a><a href="https://www.facebook.com/"></a></body></html>
"""
SCRIPT = r"""(function(window,document,undefined){'use strict';})(window,document);!function(e,t){"object"==typeof exports&&"undefined"!=typeof module?module.exports=t():"function"==typeof define&&define.amd?define(["exports","jquery"],t):(e="undefined"!=typeof globalThis?globalThis:e||self).=t()}(this,function(){"use strict";
(function($){$(document).ready(function(){$('#').on('click',function(event){event.preventDefault();event.stopPropagation();$(this).addClass('active').removeClass('hidden').toggleClass('open').parent().find('li').each(function(index,element){});return false;});});})(jQuery);
jQuery(function($){$.ajax({url:'',type:'POST',method:'GET',dataType:'json',data:{action:''},success:function(data,textStatus,jqXHR){},error:function(xhr,status,error){},complete:function(){}}).done(function(response){}).fail(function(){});$.extend({},options);$.fn.plugin=function(options){return this.each(function(){});};$('<div/>').attr('id','').css({'display':'none'}).html('').text('').val('').append('').prepend('').appendTo('body').insertBefore('').show().hide().fadeIn(200).fadeOut().slideUp().slideDown().animate({opacity:0},500,function(){}).trigger('change').bind('click').data('').closest('.').children().length;});
var _gaq=_gaq||[];window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments);}gtag('js',new Date());gtag('config','');
/**
 * @param {Object} options
 * @param {string} name
 * @param {Function} callback
 * @param {number} index
 * @param {boolean} [force]
 * @return {void}
 * @returns {*}
 * @private
 * @class
 * @constructor
 * @type {Array}
 */
/*!
 * jQuery JavaScript Library v1.0
 * https://jquery.org/license
 * Copyright (c) The Authors. Licensed under the MIT license.
 * Released under the MIT license
 * Date:
 */
function(e){var t=e.target;if(!t)return;for(var n=0,r=t.length;n<r;n++){if(null!=t[n]&&t.hasOwnProperty(n)){i=t[n]}else{continue}}switch(typeof e){case"string":break;case"number":case"function":case"object":default:return!1}try{}catch(e){throw new Error("")}finally{}while(!0){}do{}while(0)}
if (typeof options === 'undefined' || options === null) {
    return;
} else if (!this.options.enabled) {
    this.options = options || {};
}
for (var i = 0; i < items.length; i++) {
    var item = items[i];
}
for (var key in object) {
	if (Object.prototype.hasOwnProperty.call(object, key)) {
		result[key] = object[key];
	}
}
var self=this,that=this,args=Array.prototype.slice.call(arguments,1),len=arguments.length;return Object.prototype.toString.call(e)==="[object Array]";Array.isArray(e)&&e.forEach(function(e){return e.push(n)});void 0===e&&(e={});null===e||void 0===e;e.prototype=Object.create(t.prototype,{constructor:{value:e,enumerable:!1,writable:!0,configurable:!0}});Object.defineProperty(e,"__esModule",{value:!0});Object.assign({},e);Object.keys(e).map(function(t){return e[t]}).filter(Boolean).reduce(function(e,t){return e+t},0).indexOf(t)>-1;
document.getElementById('').addEventListener('DOMContentLoaded',function(){},false);document.querySelector('.').querySelectorAll('a[href]');document.getElementsByTagName('script')[0];document.getElementsByClassName('');var s=document.createElement('script');s.type='text/javascript';s.async=true;s.src='https://';s.parentNode.insertBefore(s,null);element.setAttribute('class','');element.getAttribute('data-id');element.removeAttribute('');element.classList.add('is-active');element.classList.remove('');element.classList.contains('');element.className='';element.innerHTML='';element.textContent;element.style.display='none';element.appendChild(document.createTextNode(''));element.removeChild(node);element.firstChild.nextSibling.childNodes;element.offsetWidth;element.offsetHeight;element.getBoundingClientRect();element.dispatchEvent(new CustomEvent('',{bubbles:true,detail:{}}));document.documentElement.clientWidth;document.body.scrollTop;document.cookie;document.location.href;window.location.hash;window.location.pathname;window.setTimeout(function(){},100);window.requestAnimationFrame();window.addEventListener('resize',function(){});window.localStorage.getItem('');sessionStorage.setItem('','');window.innerWidth;window.scrollTo(0,0);window.getComputedStyle(e,null).getPropertyValue("");navigator.userAgent.toLowerCase();console.log('');console.error('');console.warn("");alert('');
const{default:e,children:t}=this.props;let r=async()=>{await fetch(`/api/${id}`,{method:"POST",headers:{"Content-Type":"application/json","X-CSRF-Token":""},credentials:"same-origin",body:JSON.stringify({})}).then(e=>e.json()).then((e)=>{}).catch((e)=>{console.error(e)})};export default class extends Component{constructor(props){super(props);this.state={}}componentDidMount(){}render(){return null}}import{useState,useEffect}from"react";Promise.resolve().then(()=>{});new Promise(function(resolve,reject){});new Map();new Set();new RegExp("","g");JSON.parse(e);parseInt(e,10);parseFloat(e);isNaN(e);encodeURIComponent(e);decodeURIComponent(e);String.fromCharCode(e);Math.max(0,Math.min(1,e));Math.floor(Math.random()*10);Math.round(e);Math.abs(e);Math.PI;Number(e).toFixed(2);Date.now();new Date().getTime();e.toString();e.toLowerCase();e.toUpperCase();e.replace(/\s+/g," ").trim();e.split(",").join(";");e.substring(0,e.indexOf(":"));e.substr(1);e.charAt(0);e.charCodeAt(0);e.match(/^[a-z0-9]+$/i);e.test(t);e.exec(t);e.concat(t);e.splice(t,1);e.shift();e.unshift(t);e.pop();e.sort(function(e,t){return e-t});e.reverse();e.apply(this,arguments);e.call(this,t);e.bind(this);e.keyCode===13;e.which;e.currentTarget;e.type;e.message;e.status===200;e.readyState===4;xhr.open('GET',url,true);xhr.setRequestHeader('X-Requested-With','XMLHttpRequest');xhr.onreadystatechange=function(){};xhr.send(null);xhr.responseText;setInterval(function(){},1000);clearTimeout(timer);clearInterval(timer);instanceof HTMLElement;delete e[t];require("./");module.exports={};exports.default=void 0;define(function(require,exports,module){});
mw.loader.using('').then(function(){});mw.config.get('wgUserName');RLQ.push(function(){});django.jQuery(function($){});wp.i18n.__('');React.createElement("div",{className:""},"");e.default.createElement(n.Fragment,null);Vue.component('');angular.module('',[]).controller('',['$scope',function($scope){}]);this.$emit("");this.$refs;Object.freeze({});"use strict";var __extends;
"""
DATA = """{"id":1,"name":"","title":"","description":"","type":"","url":"https://","slug":"","status":"ok","code":200,"message":"","error":null,"errors":[],"data":{"items":[{"id":0,"value":""}],"total":0,"count":0},"results":[],"success":true,"enabled":false,"created_at":"2024-01-01T00:00:00Z","updated_at":"2024-01-01T00:00:00.000Z","createdAt":"","updatedAt":"","date":"2024-01-01","timestamp":1700000000,"user":{"id":1,"username":"","email":"","avatar_url":"","first_name":"","last_name":""},"author":{"name":""},"content":"","text":"","html":"","image":{"src":"","width":640,"height":480,"alt":""},"images":[],"link":"","links":{"self":"","next":null,"prev":null},"meta":{"page":1,"per_page":20,"total_pages":1},"tags":[],"category":"","categories":[],"price":"0.00","currency":"USD","lat":0.0,"lng":0.0,"version":"1.0","key":"","label":"","labels":[],"parent":null,"children":[],"options":{},"settings":{},"permissions":[]}
<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"><channel><title><![CDATA[]]></title><link>https://www.</link><description></description><language>en-us</language><lastBuildDate>Mon, 01 Jan 2024 00:00:00 GMT</lastBuildDate><ttl>15</ttl><item><title></title><link></link><guid isPermaLink="false"></guid><pubDate>Tue, 02 Jan 2024 00:00:00 +0000</pubDate><dc:creator></dc:creator><category></category></item></channel></rss><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://</loc><lastmod></lastmod><changefreq>weekly</changefreq><priority>0.5</priority></url></urlset><feed xmlns="http://www.w3.org/2005/Atom"><entry><updated></updated><id></id><summary type="html"></summary></entry></feed>
"""
# Properties of CSS and values that they often have.
STYLES = """display:none block inline inline-block flex inline-flex grid table table-cell|position:absolute relative fixed static sticky|float:left right none|clear:both left|
margin:0 auto 0_auto 10px 0_0_10px 0_0_1em|margin-top:0 10px 20px 1em -1px|margin-right:0 10px 5px .5em auto|margin-bottom:0 10px 20px 1rem 15px|margin-left:0 10px 5px auto -15px|
padding:0 5px 10px 20px 0_10px 5px_10px .5em_1em 10px_15px|padding-top:0 10px|padding-right:0 10px 15px|padding-bottom:0 10px|padding-left:0 10px 20px 15px|
width:100% auto 50% 100px 200px 300px 33.33333333% 16px 1px|height:100% auto 1px 20px 30px 16px 100vh|max-width:100% none 1200px 600px|min-width:0 100px 768px|max-height:none 100%|min-height:0 100% 1px|
top:0 50% 100% auto -1px 10px|right:0 auto 10px|bottom:0 auto 100% 10px|left:0 50% auto 100% 10px -9999px|z-index:1 10 100 1000 9999 -1|
color:#fff #000 #333 #666 #999 #ffffff #333333 inherit transparent #222 #555 red white|background:#fff none transparent #f5f5f5 #eee 0_0 url() #f8f8f8 inherit|background-color:#fff #f5f5f5 transparent #eee #f8f9fa #ffffff inherit|
background-image:none url( linear-gradient(to_bottom, url("data:image/svg+xml;charset=utf8, url(data:image/png;base64,iVBORw0KGgo|background-position:0_0 center 50%_50% left_center right_center 0_-20px center_center|background-repeat:no-repeat repeat-x|background-size:cover contain 100%|
border:0 none 1px_solid_#ccc 1px_solid_#ddd 1px_solid_transparent 2px_solid solid_1px_#aaa|border-top:1px_solid_#ddd 0 none|border-bottom:1px_solid_#eee 0 none|border-left:1px_solid_#ccc 0|border-right:1px_solid_#ccc 0|border-color:#ccc transparent #ddd|border-width:0 1px 1px_0|border-style:solid none|border-radius:3px 4px 0 50% 5px .25rem|border-collapse:collapse separate|border-spacing:0|
font:inherit normal_12px/1.5_Arial,sans-serif|font-family:Arial,Helvetica,sans-serif "Helvetica_Neue",Helvetica,Arial,sans-serif monospace,monospace inherit "Open_Sans",sans-serif Georgia,"Times_New_Roman",serif -apple-system,BlinkMacSystemFont,"Segoe_UI",Roboto,Oxygen,Ubuntu,Cantarell|font-size:12px 14px 16px 13px 1em 100% 0 .9em 11px 18px 1.2em 1rem 0.8em 90%|font-weight:bold normal 400 700 600 300 500|font-style:normal italic|line-height:1 1.5 normal 20px 1.2 1.42857143 0 1.6 inherit|letter-spacing:0 normal .05em|
text-align:left center right justify|text-decoration:none underline|text-transform:uppercase none lowercase|text-indent:0 -9999px|text-overflow:ellipsis|text-shadow:none 0_1px_0_#fff|vertical-align:middle top baseline bottom|white-space:nowrap normal pre pre-wrap|word-wrap:break-word|word-break:break-all|list-style:none none_outside|list-style-type:none disc decimal|
overflow:hidden auto visible|overflow-x:auto hidden|overflow-y:auto scroll|visibility:hidden visible|opacity:0 1 .5 0.6 .8|filter:alpha(opacity=50) none|cursor:pointer default not-allowed|outline:0 none thin_dotted|content:"" "\\201C" '' counter( "\\f|quotes:none|resize:none vertical|
box-shadow:none 0_1px_2px_rgba(0,0,0,.05) inset_0_1px_1px_rgba(0,0,0,.075) 0_0_0_3px_rgba(0,0,0,0.1)|-webkit-box-shadow:none|-moz-box-shadow:none|box-sizing:border-box content-box|-webkit-box-sizing:border-box|-moz-box-sizing:border-box|-webkit-border-radius:4px|-moz-border-radius:3px|
transition:all_.2s_ease-in-out opacity_.3s none background-color_0.1s|-webkit-transition:all_.3s_ease|transform:rotate(45deg) translate(-50%,-50%) none translateY(-50%) translate3d(0,0,0) scale(1) rotate(180deg)|-webkit-transform:rotate(0deg)|-ms-transform:none|animation:spin_2s_infinite_linear|-webkit-animation:none|transform-origin:0_0|
flex:1 0_0_auto 1_1_auto|flex-direction:column row|flex-wrap:wrap nowrap|flex-grow:1|flex-shrink:0|align-items:center flex-start|justify-content:space-between center flex-end|align-self:center|order:1|-ms-flex:0_0_50%|-webkit-box-flex:0|-ms-flex-align:center|grid-template-columns:1fr_1fr|gap:10px|
pointer-events:none auto|-webkit-appearance:none button|appearance:none|-webkit-user-select:none|user-select:none|-moz-user-select:none|-ms-user-select:none|touch-action:manipulation|-webkit-font-smoothing:antialiased|-webkit-text-size-adjust:100%|fill:none currentColor|stroke:#000|clip:rect(0,0,0,0) rect(1px,_1px,_1px,_1px)|zoom:1|src:url( local(|unicode-range:U+0000-00FF|font-display:swap|page-break-inside:avoid|-webkit-overflow-scrolling:touch|will-change:transform""".replace("\n", "").split("|")
SELECTORS = """html body div span a a:hover a:focus a:active a:visited a:link p h1 h2 h3 h4 h5 h6 ul ol li ul_li li_a img table th td tr thead_th tbody input input[type="text"] input[type=checkbox] input[type="submit"] select textarea button label form fieldset legend pre code blockquote
.clearfix:after .clearfix:before .container .row .col-md-6 .btn .btn:hover .btn-primary .btn.active .button .nav .nav>li>a .navbar .menu .header .footer .sidebar .content .hidden .active .disabled .selected .open .error .warning .success .icon .title .form-control .input-group .modal .dropdown-menu .table .panel .alert .badge .close .left .right .center .ui-widget .ui-state-default .widget .first-child
#header #content #footer #sidebar #main #nav #wrapper #container #search ::before ::after :before :after :first-child :last-child :nth-child(2n) :not(:last-child) :hover :focus :disabled ::placeholder ::-webkit-input-placeholder ::-moz-focus-inner [class*="col-"] [dir=rtl] [disabled] [hidden]""".split()
RULES = """@charset "UTF-8";@import url("");@media (max-width:767px){}@media (min-width:768px) and (max-width:991px){}@media only screen and (max-width: 640px) {
}
@media print{*{text-shadow:none!important}}@media screen and (-webkit-min-device-pixel-ratio:2){}@media all and (min-width:992px){}@media (min-width:1200px){}@font-face{font-family:'';src:url('.eot');src:url('.eot?#iefix') format('embedded-opentype'),url('.woff2') format('woff2'),url('.woff') format('woff'),url('.ttf') format('truetype'),url('.svg#') format('svg');font-weight:normal;font-style:normal}@-webkit-keyframes spin{0%{transform:rotate(0deg)}100%{transform:rotate(359deg)}}@keyframes fade{from{opacity:0}to{opacity:1}}@supports (display:grid){}:root{--color-primary:#007bff;--font-size-base:1rem}var(--calc(100% - 10px) !important;progid:DXImageTransform.Microsoft.gradient(startColorstr='#ffffff',endColorstr='#000000',GradientType=0);*zoom:1;_height:1px;/* comment */
"""


def sheet():
    """Rules, half of them as people write them, half of them as programs shrink them."""
    pairs = [(name, value.replace("_", " ")) for name, _, values in (entry.partition(":") for entry in STYLES)
             for value in values.split()]
    rules, at = [], 0
    for number, selector in enumerate(SELECTORS):
        count = 1 + number % 5
        own = [pairs[(at + 37 * i) % len(pairs)] for i in range(count)]
        at += count
        name = selector.replace("_", " ")
        if number % 2:
            rules.append(f"{name}{{" + ";".join(f"{key}:{value}" for key, value in own) + "}")
        else:
            rules.append(f"\n{name} {{\n" + "".join(f"    {key}: {value};\n" for key, value in own) + "}\n")
    return "".join(rules) + "".join(f"{key}:{value};" for key, value in pairs)


def sentences():
    return " ".join(f"{word} {ENGLISH[(7 * i + 3) % len(ENGLISH)]}" for i, word in enumerate(ENGLISH)) + ". "


def items():
    return "".join(f'<li><a href="/{word.lower().replace(" ", "-")}" title="{word}">{word}</a></li>' for word in SCREEN)


print(sentences() + DATA + SCRIPT + RULES + sheet() + HEADS + BODY + items(), end="")
